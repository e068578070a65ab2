"""Shuffled cards that are drawn when they are first looked at.

A shuffle of n cards has n! orders, most of which differ in cards that nobody will ever see. So a
shuffled list holds blank cards at first. A blank card becomes one of those still in the deck, each
as likely, when the environment first looks at it: reads an attribute, calls a method, compares it.
Cards that are never looked at never branch. This is the same distribution: whatever was seen of a
uniformly shuffled deck, the next card is uniform among the others.

Only objects of Python classes with an ``__eq__`` of their own are dealt blank, and only where
nothing but the shuffled list refers to them. A blank card is an object of a subclass; once it is
drawn it is an object of the class itself with the drawn card's attributes, but not its identity,
which such classes do not go by. Numbers, strings, tuples, and all other objects are drawn at once,
one position after the other; equal numbers or strings are one outcome.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from marl_bridge.environments.script import Script

__all__ = [
    "Deck",
    "attributes_of",
    "draw_order",
    "is_blank",
    "is_blank_class",
    "label_of",
    "shuffled",
]

_NOT_LOOKING = frozenset(
    """__class__ __new__ __init__ __getattribute__ __getattr__ __init_subclass__ __subclasshook__
    __del__ __class_getitem__ __dict__ __weakref__ __doc__ __module__ __slots__""".split()  # noqa: SIM905
)
_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_BLANK_CLASSES: dict[type, type | None] = {}
_attributes = object.__getattribute__


class Deck:
    """The cards of a shuffle that were not looked at yet.

    Parameters
    ----------
    cards : iterable
    script : Script
    site : str
        Where the cards were shuffled.
    """

    def __init__(self, cards: Iterable[Any], script: Script, site: str) -> None:
        self.cards, self.script, self.site = list(cards), script, site
        self.drawn = 0

    def draw(self) -> Any:
        """Take one of the cards, each as likely."""
        cards = self.cards
        site = f"{self.site}, draw {self.drawn + 1}"
        number = self.script.choose([1] * len(cards), lambda i: label_of(cards[i]), site)
        self.drawn += 1
        return cards.pop(number)


class _Blank:
    """What a blank card inherits before its own class: looking draws."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":  # asked by isinstance; all cards of a deck have the same
            return type(self).__mro__[2]
        _turn(self)
        return getattr(self, name)


def _turn(blank: Any) -> None:
    """Turn a blank card over."""
    card = _attributes(blank, "__dict__")["_deck"].draw()
    object.__setattr__(blank, "__dict__", card.__dict__)
    object.__setattr__(blank, "__class__", type(card))


def _looking(name: str) -> Callable[..., Any]:
    def look(self: Any, *args: Any, **kwargs: Any) -> Any:
        _turn(self)
        return getattr(type(self), name)(self, *args, **kwargs)

    return look


def _blank_class(type_: type) -> type | None:
    """Make the class of blank cards of a class; None where its objects cannot be dealt blank."""
    if type_ not in _BLANK_CLASSES:
        _BLANK_CLASSES[type_] = _make_blank_class(type_)
    return _BLANK_CLASSES[type_]


def _make_blank_class(type_: type) -> type | None:
    own_equality = getattr(type_, "__eq__", None) is not object.__eq__
    with_dict = not any("__slots__" in vars(base) for base in type_.__mro__)
    if not (own_equality and with_dict and type(type_) is type):
        return None
    names = {name for base in type_.__mro__ for name in vars(base)}
    special = {
        name: _looking(name)
        for name in sorted(names - _NOT_LOOKING)
        if name.startswith("__") and name.endswith("__") and callable(getattr(type_, name))
    }
    try:
        blank = type(f"Blank{type_.__name__}", (_Blank, type_), special)
        trial: Any = object.__new__(blank)
        object.__setattr__(trial, "__class__", type_)
    except TypeError:  # another layout: its objects cannot change their class
        return None
    return blank


def is_blank(item: Any) -> bool:
    """Tell whether an object is a card that was not looked at yet; does not look."""
    return is_blank_class(type(item))


def is_blank_class(type_: type) -> bool:
    """Tell whether a class is one of blank cards."""
    return _Blank in type_.__mro__


def attributes_of(blank: Any) -> dict[str, Any]:
    """Return the attributes of a blank card, its deck; does not look."""
    found: dict[str, Any] = _attributes(blank, "__dict__")
    return found


def shuffled(items: Sequence[Any], script: Script, site: str) -> list[Any]:
    """Shuffle some items: blank cards where their classes allow it."""
    _turn_all(items)
    classes = [_blank_class(type(item)) for item in items]
    one = classes[0] if classes else None
    mixed = any(other is not one for other in classes)
    if one is None or mixed or len(items) == 1 or _referred_to(items):
        return [items[number] for number in draw_order(items, len(items), script, site)]
    deck = Deck(items, script, site)
    cards = []
    for _ in items:
        card: Any = object.__new__(one)
        attributes_of(card)["_deck"] = deck
        cards.append(card)
    return cards


def _turn_all(items: Sequence[Any]) -> None:
    """Turn the blank cards among the items over: they are shuffled a second time."""
    for item in items:
        if is_blank(item):
            _turn(item)


def _referred_to(items: Sequence[Any]) -> bool:
    """Tell whether anything but the shuffled list, and ``items``, refers to some of the items."""
    alone = [object()]
    return max(_references(items)) > max(_references(list(alone)))


def _references(items: Sequence[Any]) -> list[int]:
    return [sys.getrefcount(item) for item in items]


def draw_order(items: Sequence[Any], size: int, script: Script, site: str) -> list[int]:
    """Draw some of the items without replacement, one after the other; return their places.

    Equal numbers or strings are one outcome, as many times as likely.
    """
    groups = group_equal(items)
    left = [list(places) for places in groups]
    order = []
    for number in range(size):
        weights = [len(places) for places in left]
        where = f"{site}, draw {number + 1}"
        chosen = script.choose(weights, lambda i: label_of(items[groups[i][0]]), where)
        order.append(left[chosen].pop(0))
    return order


def group_equal(items: Sequence[Any]) -> list[list[int]]:
    """List the places of each distinct item; only numbers, strings and the like are compared.

    Examples
    --------
    >>> group_equal(["J", "J", "Q", 1, True])
    [[0, 1], [2], [3], [4]]
    """
    groups: dict[Any, list[int]] = {}
    for place, item in enumerate(items):
        value = item.item() if hasattr(item, "item") and getattr(item, "ndim", 1) == 0 else item
        key = (type(item), value) if isinstance(value, _PLAIN) else ("", place)
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def label_of(item: Any) -> str:
    """Describe an outcome; an object without a description of its own is its class's name."""
    if hasattr(item, "item") and getattr(item, "ndim", 1) == 0:
        item = item.item()
    type_ = type(item)
    described = vars(object)["__str__"], vars(object)["__repr__"]
    if is_blank(item) or (type_.__str__, type_.__repr__) == described:
        return type_.__name__
    try:
        text = str(item)
    except Exception:  # the class's own code, asked for nothing but a name
        return type_.__name__
    return " ".join(text.split())[:60]
