"""What reads input of unknown origin, and what must hold whatever the input is.

A target takes bytes. It returns whether they were accepted, and raises nothing but the typed
errors; what is accepted must survive being written and read again, and what is claimed must be
true.
"""

from __future__ import annotations

import json
import warnings
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import gametheory as gt
from gametheory import NormalFormGame
from gametheory.errors import GameTheoryError
from tests.fuzzing import mutations
from tests.fuzzing.claims import false_claims

__all__ = ["TARGETS", "Target"]

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes
    ----------
    name : str
        Of the format, and of its folder in the corpus.
    run : callable
        ``run(data, folder)`` tries the input, with a folder for files, and returns whether it was
        accepted.
    seeds : callable
        Returns valid input.
    mutate : callable
        ``mutate(data, rng)`` changes it.
    refusals : tuple of exception types
        All that may be raised.
    in_ci : int
        Inputs in every run of the tests.
    """

    name: str
    run: Callable[[bytes, Path], bool]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Callable[[bytes, Random], bytes]
    refusals: tuple[type[Exception], ...] = (GameTheoryError,)
    in_ci: int = 150

    @property
    def corpus(self) -> list[Path]:
        """Files of input that once failed."""
        return sorted(path for path in (CORPUS / self.name).glob("*") if path.is_file())

    def accepts(self, data: bytes, folder: Path) -> bool:
        """Try one input; what it raises is a bug."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.run(data, folder)
            except self.refusals:
                return False


TARGETS: dict[str, Target] = {}


def target(
    name: str,
    seeds: Callable[[], Sequence[bytes]],
    mutate: Callable[[bytes, Random], bytes],
    **more: Any,
) -> Callable[[Callable[[bytes, Path], bool]], Callable[[bytes, Path], bool]]:
    """Put a function into the table."""

    def keep(run: Callable[[bytes, Path], bool]) -> Callable[[bytes, Path], bool]:
        TARGETS[name] = Target(name, run, cache(seeds), mutate, **more)
        return run

    return keep


# Games.


def _games() -> list[NormalFormGame]:
    three = np.arange(24).reshape(3, 2, 2, 2) % 5
    return [
        gt.catalog.load("prisoners_dilemma"),
        gt.catalog.load("rock_paper_scissors"),
        NormalFormGame([["1/3", 2, "-7/2"]], title='a "choice"'),
        NormalFormGame(three, title="three"),
    ]


def _trees() -> list[Any]:
    return [gt.catalog.load(name) for name in ("kuhn_poker", "chain_store", "centipede")]


def _written(suffix: str, games: Callable[[], Sequence[Any]]) -> list[bytes]:
    import tempfile

    from gametheory.formats import save_game

    with tempfile.TemporaryDirectory() as folder:
        return [save_game(game, Path(folder, f"g{suffix}")).read_bytes() for game in games()]


def _nfg_seeds() -> list[bytes]:
    outcomes = (
        'NFG 1 R "outcomes" { "A" "B" } { { "u" "d" } { "l" "r" } } "comment"\n'
        '{ { "" 1, -2.5 } { "tie" 0, 0 } { "x" 1/3, 2e2, } }\n1 2 3 0\n'
    )
    counts = 'NFG 1 D "counts" { "A" "B" } { 2 3 }\n1 2 3 4 5 6 7 8 9 10 11 1/12\n'
    return [*_written(".nfg", _games), outcomes.encode(), counts.encode()]


def _efg_seeds() -> list[bytes]:
    text = """EFG 2 R "entry" { "A" "B" } "comment"
c "" 1 "deal" { "h" 1/3 "l" 2/3 } 0
p "" 1 1 "start" { "in" "out" } 1 "fee" { -1, 0 }
p "" 2 1 "reply" { "fight" "share" } 0
t "" 2 "war" { 0 0 }
t "" 3 "peace" { 2.5 2 }
t "" 0
p "" 1 2 "start, low" { "in" "out" } 0
p "" 2 1 0
t "" 2
t "" 3
t "" 4 "away" { 0.1 1e2 }
"""
    return [*_written(".efg", _trees), text.encode()]


_NFG_WORDS = ("NFG", "1", "R", "D", "{", "}", ",", '""', "EFG", "c", "1/3", "0.5")
_EFG_WORDS = ("EFG", "2", "R", "c", "p", "t", '""', "0", "1", "{", "}", ",", "1/2", 't "" 0')


def _game(suffix: str, data: bytes, folder: Path) -> bool:
    """Read a game and write it; what is read again is the same."""
    from gametheory.formats import load_game, save_game

    path = folder / f"game{suffix}"
    path.write_bytes(data)
    game = load_game(path)
    form = ".nfg" if isinstance(game, NormalFormGame) else ".efg"
    for own in (".json", form):
        try:
            saved = save_game(game, folder / f"again{own}")
        except GameTheoryError:  # such as a number that is too long for the format
            if own == suffix:
                raise AssertionError(f"what was read cannot be written as {own}") from None
            continue
        again = load_game(saved)
        if form == ".nfg" or own == suffix:
            assert again == game, f"{own} changed the game"
        else:  # labels of information sets may be numbered
            assert again.exact_payoffs.tolist() == game.exact_payoffs.tolist()
            assert again.exact_chance.tolist() == game.exact_chance.tolist()
    return True


target("nfg", _nfg_seeds, partial(mutations.text, words=_NFG_WORDS), in_ci=400)(
    partial(_game, ".nfg")
)
target("efg", _efg_seeds, partial(mutations.text, words=_EFG_WORDS), in_ci=300)(
    partial(_game, ".efg")
)
_JSON_WORDS = (
    "format", "version", "title", "players", "actions", "payoffs", "root", "player", "infoset",
    "chance", "probability", "node", "gametheory/normal-form", "gametheory/extensive-form",
)  # fmt: skip
target(
    "normal-form-json",
    lambda: _written(".json", _games),
    partial(mutations.json_text, words=_JSON_WORDS),
    in_ci=300,
)(partial(_game, ".json"))
target(
    "extensive-form-json",
    lambda: _written(".json", _trees),
    partial(mutations.json_text, words=_JSON_WORDS),
)(partial(_game, ".json"))


# Profiles and certificates.


@cache
def _solved() -> list[tuple[Any, Any]]:
    """Games and true certificates about them, of every kind."""
    chicken = gt.catalog.load("chicken")
    pennies = gt.catalog.load("matching_pennies")
    stag = gt.catalog.load("stag_hunt")
    dilemma = gt.catalog.load("prisoners_dilemma")
    irrational = NormalFormGame(np.random.default_rng(5).integers(-9, 9, size=(3, 2, 2, 2)))
    tree, store = gt.catalog.load("kuhn_poker"), gt.catalog.load("chain_store")
    asked: list[tuple[Any, str, dict[str, Any]]] = [
        (chicken, concept, {})
        for concept in (
            "nash",
            "pure-nash",
            "correlated",
            "coarse-correlated",
            "maxmin",
            "stackelberg",
        )
    ]
    asked += [
        (pennies, "minimax", {}),
        (chicken, "logit-qre", {"rationality": 2.0}),
        (stag, "ess", {}),
        (dilemma, "dominant-strategy", {}),
        (dilemma, "iterated-dominance", {}),
        (dilemma, "rationalizable", {}),
        (chicken, "pareto", {}),
        (irrational, "nash", {}),
        (tree, "nash", {}),
        (store, "subgame-perfect", {}),
        (store, "agent-logit-qre", {"rationality": 1.0}),
    ]
    found = []
    for game, concept, options in asked:
        certificate = gt.solve(game, concept, **options).certificate
        if certificate is not None:
            found.append((game, certificate))
    uniform = gt.verify(chicken, gt.MixedProfile.uniform(chicken))
    return [*found, (chicken, uniform)]


def _with_game(kind: Callable[[Any], Any]) -> list[bytes]:
    """The number of the game, and the document: what is read depends on both."""
    return [
        json.dumps({"game": number, "document": kind(certificate)}).encode()
        for number, (_, certificate) in enumerate(_solved())
    ]


def _document_mutator(data: bytes, rng: Random) -> bytes:
    """Change the document, seldom the game that it is held against."""
    try:
        both = json.loads(data)
        document = json.dumps(both["document"])
        number = int(both["game"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return mutations.json_text(data, rng)
    if rng.random() < 0.05:
        number = rng.randrange(len(_solved()))
    new = mutations.json_text(document.encode(), rng, _CLAIM_WORDS)
    return b'{"game": %d, "document": %s}' % (number, new)


_CLAIM_WORDS = (
    "epsilon", "exact", "payoffs", "regrets", "profile", "strategies", "concept", "behavior",
    "rationality", "log_probabilities", "objective_gap", "nearby_radius", "probabilities", "nash",
    "pure-nash", "minimax", "correlated", "coarse-correlated", "maxmin", "stackelberg", "ess",
    "logit-qre", "subgame-perfect", "pareto", "gametheory/security-profile",
    "gametheory/commitment", "gametheory/iterated-elimination",
    "gametheory/correlated-distribution", "1/2", "2/3", "0",
)  # fmt: skip


def _split(data: bytes, folder: Path) -> tuple[Any, Path] | None:
    head, _, rest = data.partition(b'"document": ')
    digits = bytes(c for c in head if 48 <= c < 58)[:3]
    if not rest or not digits or int(digits) >= len(_solved()):
        return None
    path = folder / "document.json"
    path.write_bytes(rest[:-1])
    return _solved()[int(digits)][0], path


@target("profile", lambda: _with_game(lambda c: c.profile.to_document()), _document_mutator)
def _profile(data: bytes, folder: Path) -> bool:
    from gametheory.formats import load_profile, save_profile

    parts = _split(data, folder)
    if parts is None:
        return False
    profile = load_profile(parts[1], parts[0])
    again = load_profile(save_profile(profile, folder / "again.json"), parts[0])
    assert again == profile, "writing changed the profile"
    return True


@target("certificate", lambda: _with_game(lambda c: c.to_document()), _document_mutator, in_ci=250)
def _certificate(data: bytes, folder: Path) -> bool:
    """A certificate that is accepted is true, by the definitions."""
    from gametheory.formats import load_certificate, save_certificate

    parts = _split(data, folder)
    if parts is None:
        return False
    game, path = parts
    certificate = load_certificate(path, game)
    wrong = false_claims(json.loads(path.read_bytes()), game, certificate)
    assert not wrong, f"a false certificate was accepted: {'; '.join(wrong)}"
    again = load_certificate(save_certificate(certificate, folder / "again.json"), game)
    assert again == certificate, "writing changed the certificate"
    return True


# Policies.


def _policy() -> Any:
    from marl_bridge.environments.observations import observation_key
    from marl_bridge.policies.tabular import TabularPolicy

    rows = {observation_key(k): [0.25, 0.75] if k else [0.0, 1.0, 0.0] for k in range(4)}
    return TabularPolicy(rows, "error")


def _policy_seeds(suffix: str) -> list[bytes]:
    import tempfile

    from marl_bridge.policies.tabular import TabularPolicy

    with tempfile.TemporaryDirectory() as folder:
        some = (_policy(), TabularPolicy({}))
        return [one.save(Path(folder, f"p{suffix}")).read_bytes() for one in some]


def _policy_json_mutator(data: bytes, rng: Random) -> bytes:
    from marl_bridge.policies.content_hash import hash_of_table

    new = mutations.json_text(
        data, rng, ("format", "version", "rows", "sha256", "default", "error")
    )
    try:
        document = json.loads(new)
        table = {
            bytes.fromhex(key): np.array(row, dtype=np.float64) for key, row in document["rows"]
        }
        document["sha256"] = hash_of_table(table, document["default"])
        return json.dumps(document).encode()
    except Exception:
        return new


def _policy_npz_repair(arrays: dict[str, Any], rng: Random) -> None:
    from marl_bridge.policies.content_hash import hash_of_table

    try:
        keys, rows = arrays["keys"].tobytes(), arrays["rows"]
        ends, more = arrays["key_ends"].tolist(), arrays["row_ends"].tolist()
        pairs = zip([0, *ends], ends, [0, *more], more, strict=False)
        table = {keys[a:b]: rows[c:d] for a, b, c, d in pairs}
        head = arrays["format"].tolist()
        head[3] = hash_of_table(table, head[2])
        if rng.random() < 0.1:
            head[rng.randrange(len(head))] = rng.choice(mutations.STRINGS[:-1])
        arrays["format"] = np.array(head)
    except Exception:
        return


def _policy_npz_mutator(data: bytes, rng: Random) -> bytes:
    return mutations.archive(data, rng, repair=lambda arrays: _policy_npz_repair(arrays, rng))


def _table(suffix: str, data: bytes, folder: Path) -> bool:
    from marl_bridge.policies.tabular import TabularPolicy

    path = folder / f"policy{suffix}"
    path.write_bytes(data)
    policy = TabularPolicy.load(path)
    for other in (".json", ".npz"):
        assert TabularPolicy.load(policy.save(folder / f"again{other}")) == policy
    return True


target("policy-json", lambda: _policy_seeds(".json"), _policy_json_mutator)(
    partial(_table, ".json")
)
target("policy-npz", lambda: _policy_seeds(".npz"), _policy_npz_mutator)(partial(_table, ".npz"))


# Models of Stable-Baselines3: their plain text names the algorithm, and nothing else is read.


def _model(data: bytes) -> bytes:
    import io
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", data)
    return content.getvalue()


def _model_seeds() -> list[bytes]:
    known = ("common.policies", "dqn.policies", "sac.policies")
    some: list[dict[str, Any]] = [
        {"policy_class": {"__module__": f"stable_baselines3.{name}"}, "gamma": 0.99}
        for name in known
    ]
    some.append({**some[0], "clip_range": 0.2})
    return [_model(json.dumps(one).encode()) for one in some]


def _model_mutator(data: bytes, rng: Random) -> bytes:
    import io
    import zipfile

    if rng.random() < 0.4:
        return mutations.raw(data, rng)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = archive.read("data")
    except Exception:
        return mutations.raw(data, rng)
    return _model(mutations.json_text(inside, rng, ("policy_class", "__module__", "clip_range")))


@target("model-zip", _model_seeds, _model_mutator, in_ci=100)
def _zip(data: bytes, folder: Path) -> bool:
    from marl_bridge.policies.code import CodeNotAllowed
    from marl_bridge.policies.specs import policy_from

    path = folder / "model.zip"
    path.write_bytes(data)
    try:
        policy_from(str(path))
    except CodeNotAllowed:  # it is a model, and is not loaded without consent
        return True
    raise AssertionError("a model was loaded without consent")


_SPECS = (
    "random", "a=random", "b=p.npz", "tests.nowhere:x", "json:loads", "p.json", "a.zip",
    "PPO:a.zip",
    "a=m.pt", "b=x.pkl", "m.py:f@w.pt", ":", "=", "@", "::", "a=", "C:x", ".", "..", "/", "\x00",
)  # fmt: skip


@target(
    "policy-spec",
    lambda: [
        b"random",
        b"b=random\na=random",
        *("\n".join(pair).encode() for pair in pairwise(_SPECS)),
    ],
    partial(mutations.text, words=_SPECS),
)
def _policy_spec(data: bytes, folder: Path) -> bool:
    """Specs of a command line; nothing that could run code is loaded, and no module made here."""
    from marl_bridge.policies.specs import policies_from, policy_names

    specs = data.decode("utf-8", "surrogateescape").split("\n")
    if any(spec.partition("=")[2].endswith(".py") for spec in specs):
        return False
    specs = [spec.replace("/", "") for spec in specs]  # stays in this folder
    assert set(policy_names(specs, ("a", "b"))) <= {"a", "b"}
    policies = policies_from(specs, ("a", "b"))
    assert set(policies) == {"a", "b"}
    return True


# Checkpoints of trainings.


def _training_seeds() -> list[bytes]:
    import tempfile

    from marl_bridge.learners.plain_state import save_state

    states: list[dict[str, Any]] = [
        {"asked": {"seed": 1}, "done": 3, "seconds": 0.5, "table": {b"\x00": np.arange(3.0)}},
        {
            "ends": [1, 2],
            "means": [[0.0, 1.0]],
            "nested": (None, True, b"", (1, "x")),
            "inf": float("inf"),
        },
        {"counts": [np.zeros((2, 2), np.int64)], "empty": np.zeros((0, 3), np.float32)},
    ]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for state in states:
            save_state(Path(folder, "state"), state)
            found.append(Path(folder, "state").read_bytes())
    return found


def _training_mutator(data: bytes, rng: Random) -> bytes:
    import hashlib

    if rng.random() < 0.15:
        return mutations.raw(data, rng)
    head, _, content = data.partition(b"\n")
    new = mutations.json_text(
        content, rng, ("tuple", "bytes", "dict", "array", "<f8", "|O", "AAAA")
    )
    new = new.replace(b"\n", b" ").replace(b"\r", b" ")
    try:
        document = json.loads(head)
        document["sha256"] = hashlib.sha256(new).hexdigest()
        head = json.dumps(document).encode()
    except (ValueError, TypeError):
        pass
    if rng.random() < 0.05:
        head = mutations.json_text(head, rng)
    return head + b"\n" + new + b"\n"


@target("training-checkpoint", _training_seeds, _training_mutator)
def _training(data: bytes, folder: Path) -> bool:
    from marl_bridge.learners.plain_state import load_state, save_state

    path = folder / "state"
    path.write_bytes(data)
    state = load_state(path)
    save_state(folder / "again", state)
    assert _same(load_state(folder / "again"), state), "writing changed the state"
    return True


def _same(one: Any, other: Any) -> bool:
    """Whether two values of plain data are equal, NaN to NaN, and of the same types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if isinstance(one, dict):
        keys = list(one) == list(other) or {repr(k) for k in one} == {repr(k) for k in other}
        return keys and all(_same(a, b) for a, b in zip(one.values(), other.values(), strict=True))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return repr(one) == repr(other)


# Checkpoints of searches.


_SEARCH = {"game": "digest", "method": "cfr", "seed": 1}


def _state() -> dict[str, Any]:
    return {"regrets": np.arange(6.0), "count": np.array([3], dtype=np.int64)}


def _search_seeds() -> list[bytes]:
    import tempfile

    from gametheory.algorithms.extensive_form.checkpoints import Checkpoint

    with tempfile.TemporaryDirectory() as folder:
        file = Checkpoint(Path(folder, "search"), _SEARCH)
        file.save(_state())
        return [file.path.read_bytes()]


def _search_mutator(data: bytes, rng: Random) -> bytes:
    def repair(arrays: dict[str, Any]) -> None:
        if "search" in arrays and rng.random() < 0.3:
            text = mutations.json_text(str(arrays["search"]).encode(), rng, tuple(_SEARCH))
            arrays["search"] = np.array(text.decode("utf-8", "replace"))

    return mutations.archive(data, rng, repair=repair)


@target("search-checkpoint", _search_seeds, _search_mutator)
def _search(data: bytes, folder: Path) -> bool:
    """A search gets all of its state or none of it."""
    from gametheory.algorithms.extensive_form.checkpoints import Checkpoint

    path = folder / "search"
    path.write_bytes(data)
    state = {name: np.full_like(array, 7) for name, array in _state().items()}
    before = {name: array.copy() for name, array in state.items()}
    try:
        Checkpoint(path, _SEARCH).resume(state)
    except GameTheoryError:
        assert _same(state, before), "a refused checkpoint changed the state"
        raise
    Checkpoint(folder / "again", _SEARCH).save(state)
    again = _state()
    Checkpoint(folder / "again", _SEARCH).resume(again)
    assert _same(again, state), "writing changed the state"
    return True


# Extractions: the cache and the journal.


@cache
def _extraction() -> tuple[Any, dict[str, Any], bytes, bytes, dict[str, Any]]:
    """A small extraction: it, its spaces, its journal, its cache entry and its identity."""
    import tempfile

    import marl_bridge
    from marl_bridge.environments import extraction_cache
    from marl_bridge.environments.journal import _FRAME, _MAGIC
    from tests.marl_bridge.chance_environments import Kuhn

    env = Kuhn()
    spaces = {agent: env.action_space(agent) for agent in env.possible_agents}
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder, "journal")
        found = marl_bridge.extract(Kuhn, checkpoint=journal)
        extraction_cache.save(Path(folder), "key", found, spaces)
        written = journal.read_bytes()
        length, _ = _FRAME.unpack_from(written, len(_MAGIC))
        at = len(_MAGIC) + _FRAME.size
        header = json.loads(zlib.decompress(written[at : at + length]))
        return found, spaces, written, Path(folder, "key.npz").read_bytes(), header["identity"]


def _journal_mutator(data: bytes, rng: Random) -> bytes:
    from marl_bridge.environments.journal import _MAGIC

    words = (
        "view",
        "choice",
        "visit",
        "known",
        "facts",
        "calls",
        "identity",
        "mechanism",
        "a",
        "d",
        "t",
    )
    return mutations.frames(data, rng, _MAGIC, words)


@target("journal", lambda: [_extraction()[2]], _journal_mutator, in_ci=100)
def _journal(data: bytes, folder: Path) -> bool:
    from marl_bridge.environments.journal import Journal

    path = folder / "journal"
    path.write_bytes(data)
    journal = Journal(path, _extraction()[4], _extraction()[1])
    try:
        facts = []
        while (fact := journal.next()) is not None:
            facts.append(fact)
        return bool(facts)
    finally:
        journal.close()


def _cache_mutator(data: bytes, rng: Random) -> bytes:
    def repair(arrays: dict[str, Any]) -> None:
        if "facts" in arrays and rng.random() < 0.6:
            words = ("players", "payoffs", "views", "audit", "a", "l", "t", "d", "q", "n", "c", "b")
            text = mutations.json_text(arrays["facts"].tobytes(), rng, words)
            arrays["facts"] = np.frombuffer(text, dtype=np.uint8)

    return mutations.archive(data, rng, repair=repair)


@target("extraction-cache", lambda: [_extraction()[3]], _cache_mutator, in_ci=60)
def _cached(data: bytes, folder: Path) -> bool:
    """An entry that is believed is a whole game, which can be built, saved and read again."""
    from marl_bridge.environments import extraction_cache

    (folder / "key.npz").write_bytes(data)
    found = extraction_cache.load(folder, "key", _extraction()[1], 10_000)
    if found is None:
        return False
    again = folder / "again"
    why_not = extraction_cache.save(again, "key", found, _extraction()[1])
    if not why_not:
        kept = extraction_cache.load(again, "key", _extraction()[1], 10_000)
        assert kept is not None, "what was read cannot be read again"
        assert kept.graph.payoffs == found.graph.payoffs or "nan" in repr(found.graph.payoffs)
    assert found.game.n_nodes > 0
    return True


# Records.


def _record_seeds() -> list[bytes]:
    import tempfile

    from marl_bridge.records.database import Record
    from marl_bridge.records.entries import CellEntry, PolicyLabel
    from tests.marl_bridge.record_data import bounds, entry

    cell = CellEntry(
        "classic/rps-v2", '{"max_cycles":1}', ("a", "b"),
        (PolicyLabel("x"), PolicyLabel("y", "0" * 64)),
        "a", 0.5, None, 1.0, 0.95, True, "betting", 10, 3, "2024-01-01T00:00:00+00:00",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "record")
        with Record(path) as record:
            record.add_check(entry("x", "y", made_at="2024-01-01T00:00:00+00:00"))
            record.add_check(entry("x", gains=(None, None), bounds=bounds((0.1, 0.4), (0.0, None))))
            record.add_cells([cell])
        return [path.read_bytes()]


@target("record", _record_seeds, mutations.database, in_ci=40)
def _record(data: bytes, folder: Path) -> bool:
    from marl_bridge.records.database import Record
    from marl_bridge.records.leaderboard import leaderboard

    path = folder / "record"
    path.write_bytes(data)
    with Record(path, write=False) as record:
        record.verify()
        places = record.environments()
        for name, kwargs in places:
            record.checks(name, kwargs)
            record.cells(name, kwargs)
    for name, _ in places[:2]:
        str(leaderboard(name, path))
    return True


def _report_seeds() -> list[bytes]:
    from tests.marl_bridge.record_data import bounds, figure, report

    table = {
        "environment": "e", "players": ["a", "b"], "policies": [["x"], ["y", "z"]],
        "episodes_of_each_payoff": [[[3, 0]], [[3, 0]]], "means": [[[0.5, None]], [[-0.5, None]]],
        "lower": [[[0.0, None]], [[-1.0, None]]], "upper": [[[1.0, None]], [[0.0, None]]],
        "confidence_of_all_intervals": 0.95, "certified": True, "method": "betting", "seed": 1,
    }  # fmt: skip
    gain = figure(0.3, side="two-sided")
    some: list[Any] = [
        {"report": report(), "bounds": {}},
        {"report": report((None, gain)), "bounds": bounds((0.1, 0.4), (0.0, None))},
        {"report": report((gain, figure(0.1, method="student-t"))), "bounds": {}},
        {"table": table},
    ]
    return [json.dumps(one).encode() for one in some]


@target("report", _report_seeds, mutations.json_text, in_ci=200)
def _report(data: bytes, folder: Path) -> bool:
    """Reports and empirical games that are to be recorded: what is accepted can be kept."""
    from marl_bridge.records.database import Record
    from marl_bridge.records.entries import cells_of, entry_of
    from tests.marl_bridge.record_data import labels

    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    path = folder / "record"
    path.unlink(missing_ok=True)
    if "table" in document:
        cells = list(cells_of(document["table"]))
        with Record(path) as record:
            assert record.add_cells(cells) <= len(cells)
            for place in record.environments():
                record.cells(*place)
        return True
    entry = entry_of(document.get("report"), labels("x", "y"), bounds=document.get("bounds"))
    with Record(path) as record:
        record.add_check(entry)
        [again] = record.checks(entry.environment, entry.env_kwargs)
    assert (again.gap, again.seats) == (entry.gap, entry.seats)
    return True


def _chunk_seeds() -> list[bytes]:
    import tempfile

    from marl_bridge.empirical_game.chunk_store import SQLiteStore
    from marl_bridge.empirical_game.sampling import Chunk

    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder, "kept"), {"seed": 1, "policy": ["x", None]})
        store.add(Chunk("b", 5, np.ones((2, 3)), 7, np.array([True, False, True]), b"trace"))
        store.add(Chunk("a", 0, np.zeros((1, 4)), 9, np.zeros(4, dtype=bool), b""))
        store.close()
        return [Path(folder, "kept").read_bytes()]


@target("episode-checkpoint", _chunk_seeds, mutations.database, in_ci=40)
def _chunks(data: bytes, folder: Path) -> bool:
    from marl_bridge.empirical_game.chunk_store import SQLiteStore

    path = folder / "kept"
    path.write_bytes(data)
    store = SQLiteStore(path, {"seed": 1})
    try:
        for chunk in store.chunks():
            assert chunk.returns.shape[1] == chunk.truncated.size
            assert np.isfinite(chunk.returns).all()
            assert chunk.steps >= 0
            assert chunk.stop >= chunk.start >= 0
    finally:
        store.close()
    return True


# Command lines.


def _bad_parameter() -> tuple[type[Exception], ...]:
    import typer

    return (GameTheoryError, typer.BadParameter)


@target(
    "env-kwargs",
    lambda: [b"{}", b'{"max_cycles": 3, "render_mode": null, "sizes": [1, 2.5], "x": {"y": "z"}}'],
    mutations.json_text,
    refusals=_bad_parameter(),
    in_ci=200,
)
def _env_kwargs(data: bytes, folder: Path) -> bool:
    from marl_bridge.cli_inputs import env_kwargs_of

    text = data.decode("utf-8", "surrogateescape")
    given = env_kwargs_of(text)
    assert all(isinstance(name, str) for name in given)
    with suppress(RecursionError):  # of this test
        assert _same(env_kwargs_of(json.dumps(given)), given), "writing changed the arguments"
    return True


@target(
    "dynamic-options",
    lambda: [
        b"replicator\nstart=0.9,0.1;0.5,0.5\nhorizon=2.5",
        b"fictitious-play\nrounds=100\nbeliefs=none\nties=first",
        b"replicator\nstart=1/3,2/3;1,0\ntolerance=1e-6",
        b"hedge\nrounds=10\nplay=sampled\nrate=.5",
    ],
    partial(
        mutations.text, words=("=", ";", ",", "none", "start", "rounds", "1e9", "-1", "x.json")
    ),
)
def _dynamic_options(data: bytes, folder: Path) -> bool:
    from gametheory.cli import _values
    from gametheory.cli_simulation import find_dynamic, read_options

    name, *given = data.decode("utf-8", "surrogateescape").split("\n")
    game = gt.catalog.load("chicken")
    if any(one.strip().lower().endswith(".json") for one in given):
        given = [one.replace("/", "") for one in given]  # stays in this folder
    dynamic = find_dynamic(name, game)
    read_options(dynamic, game, _values(given), None)
    return True


@target(
    "catalog-arguments",
    lambda: [
        b"centipede\nsteps=4", b"kuhn_poker", b"colonel_blotto\nsoldiers=4\nfields=3",
        b"covariant_game\nrho=1/2\nseed=2", b"hawk_dove\nvalue=2",
        b"all_pay_auction\nvaluations=3,2", b"cheap_talk\nn_states=2\nbias=0.25",
        b"planted_bimatrix\nrow_support=0,1",
    ],
    partial(mutations.text, words=("=", ",", "true", "0", "-1", "1/2", "seed", "n_actions", "2")),
    in_ci=60,
)  # fmt: skip
def _catalog(data: bytes, folder: Path) -> bool:
    from gametheory.cli import _values
    from gametheory.games.catalog import load

    name, *given = data.decode("utf-8", "surrogateescape").split("\n")
    values = _values(given)
    numbers = [
        v for value in values.values() for v in (value if isinstance(value, tuple) else (value,))
    ]
    if any(isinstance(number, int) and abs(number) > 20 for number in numbers):
        return False  # as large as it was asked for
    return bool(load(name, **values).digest)
