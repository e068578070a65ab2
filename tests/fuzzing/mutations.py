"""Changes of valid input that find more than random bytes: by token, by JSON value, by array.

Every function takes a ``random.Random``, so that equal seeds give equal input. Containers are taken
apart, changed inside and put together again with their checksums right, or else nothing behind the
checksum would ever be tried.
"""

from __future__ import annotations

import copy
import io
import json
import re
import sqlite3
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

import numpy as np

__all__ = [
    "archive",
    "database",
    "frames",
    "json_text",
    "json_value",
    "raw",
    "text",
]

NUMBERS = (
    "0", "-0", "1", "-1", "2", "3", "1/2", "1/3", "1/0", "0/0", "-1/3", "0.5", ".5", "5.", "1e3",
    "1e-999", "1e999", "1e400", "-1e308", "1.8e308", "5e-324", "0x10", "1_000", "+1", "--1", "NaN",
    "inf", "Infinity", "9" * 18, "9" * 19, "9" * 400, "9" * 4001, "1/" + "9" * 3999,
    "2147483648", "4294967296", "9223372036854775808", "99999999999999999999", "٣", "1e", "1,5",
)  # fmt: skip
STRINGS = (
    "", " ", "a", "A", "0", "\x00", "\ufeff", "\u202e", "é", "e\u0301", "\U0001f3b2", "\\", '"',
    '\\"', "'", "\n", "\r\n", "\t", "{", "}", "a" * 300, "None", "true", "../x", "%s", "\ud800",
)  # fmt: skip
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:;=@/]|[^\s{}\[\],:;="@/]+|\s+', re.DOTALL)


def raw(data: bytes, rng: Random) -> bytes:
    """Change bytes: flip, overwrite, cut, double, cut out, or insert some."""
    if not data:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
    at = rng.randrange(len(data))
    some = 1 + min(rng.randrange(1 + len(data)), rng.randrange(1, 65))
    kind = rng.randrange(7)
    if kind == 0:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + bytes(rng.randrange(256) for _ in range(some)) + data[at + some :]
    if kind == 2:
        return data[:at]
    if kind == 3:
        return data[:at] + data[at : at + some] * 2 + data[at + some :]
    if kind == 4:
        return data[:at] + data[at + some :]
    if kind == 5:
        extreme = rng.choice((0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1))
        width = rng.choice((1, 2, 4, 8))
        value = (extreme % 256**width).to_bytes(width, rng.choice(("little", "big")))
        return data[:at] + value + data[at + width :]
    return (
        data[:at]
        + rng.choice((b"\x00", b"\r\n", b"\xff", b"\xef\xbb\xbf", b"\xc3\x28"))
        + data[at:]
    )


def text(data: bytes, rng: Random, words: Sequence[str] = ()) -> bytes:
    """Change the tokens or lines of a text; ``words`` are those of its format."""
    written = data.decode("utf-8", "surrogateescape")
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        written = _changed_text(written, rng, words)
    return written.encode("utf-8", "surrogatepass" if rng.random() < 0.1 else "replace")


def _changed_text(written: str, rng: Random, words: Sequence[str]) -> str:
    tokens = _TOKEN.findall(written)
    if not tokens:
        return rng.choice((*words, *NUMBERS))
    at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    kind = rng.randrange(13)
    new = rng.choice((rng.choice(NUMBERS), _string(rng), *words[:1], rng.choice(words or NUMBERS)))
    if kind == 0:
        del tokens[at]
    elif kind == 1:
        tokens.insert(at, tokens[at] + " ")
    elif kind == 2:
        tokens[at], tokens[other] = tokens[other], tokens[at]
    elif kind in (3, 4):
        tokens[at] = new
    elif kind == 5:
        numbers = [i for i, token in enumerate(tokens) if token.lstrip("-+.")[:1].isdigit()]
        if numbers:
            tokens[rng.choice(numbers)] = rng.choice(NUMBERS)
    elif kind == 6:
        strings = [i for i, token in enumerate(tokens) if token[0] == '"']
        if strings:
            tokens[rng.choice(strings)] = _string(rng)
    elif kind == 7:
        tokens.insert(at, f" {new} ")
    elif kind == 8:
        tokens[at] = (tokens[at] + " ") * rng.choice((2, 3, 10, 300))
    elif kind == 9:
        del tokens[at:]
    elif kind == 10:
        low, high = sorted((at, other))
        tokens[low:high] = tokens[low:high] * rng.choice((0, 2, 3))
    else:
        return _changed_lines(written, rng)
    return "".join(tokens)


def _changed_lines(written: str, rng: Random) -> str:
    lines = written.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(6)
    if kind == 0:
        return written.replace("\n", rng.choice(("\r\n", "\r", " ", "\n\n", "\x0b")))
    if kind == 1:
        del lines[at]
    elif kind == 2:
        lines.insert(at, lines[other])
    elif kind == 3:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 4:
        cut = rng.randrange(1 + len(written))
        return (
            written[:cut] + rng.choice(("\x00", "\ufeff", "\U0001f3b2", "\\", '"')) + written[cut:]
        )
    else:
        return "\n".join([*lines, *lines])
    return "\n".join(lines)


def _string(rng: Random) -> str:
    return '"' + rng.choice(STRINGS).replace('"', rng.choice(('"', '\\"'))) + '"'


def json_text(data: bytes, rng: Random, words: Sequence[str] = ()) -> bytes:
    """Change a JSON document as a value, and now and then as a text."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return text(data, rng, words)
    kind = rng.randrange(20)
    if kind == 0:
        depth = rng.choice((10, 300, 900, 1500, 5000, 50_000))
        left, right = rng.choice((("[", "]"), ('{"a":', "}"), ('{"root":', "}")))
        inner = json.dumps(document) if rng.random() < 0.5 else "0"
        return (left * depth + inner + right * depth).encode()
    if kind == 1:
        return text(data, rng, words)
    try:
        for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
            document = json_value(document, rng, words)
        written = json.dumps(document, ensure_ascii=rng.random() < 0.7)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes
        return text(data, rng, words)
    if kind == 2:
        at = written.find('"', rng.randrange(1 + len(written)))
        pair = re.compile(r'"[^"\\]*": [^,{}\[\]]+').search(written, max(at, 0))
        if pair:
            written = f"{written[: pair.start()]}{pair[0]}, {written[pair.start() :]}"
    return written.encode("utf-8", "surrogatepass")


def json_value(document: Any, rng: Random, words: Sequence[str] = ()) -> Any:
    """Change a value somewhere in a document of dictionaries and lists, if possible in place."""
    places = _places(document)
    if not places or rng.random() < 0.02:
        return _new_value(document, rng, words)
    holder, key = rng.choice(places)
    kind = rng.randrange(9)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice((*words, *STRINGS))] = holder.pop(key)
    elif kind == 1:
        holder.insert(key, copy.deepcopy(holder[key]))
    elif kind == 2:
        there, name = rng.choice(places)
        holder[key] = copy.deepcopy(there[name])
    elif kind == 3:
        holder[key] = rng.choice(([holder[key]], {"a": holder[key]}, [], {}))
    elif kind == 4 and isinstance(holder, list):
        rng.shuffle(holder)
    elif kind == 5 and isinstance(holder, list):
        holder[key:key] = [copy.deepcopy(holder[key])] * rng.choice((1, 2, 200))
    else:
        holder[key] = _new_value(holder[key], rng, words)
    return document


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every place of a document that holds a value, as (container, key)."""
    found: list[tuple[Any, Any]] = []
    waiting = [document] if isinstance(document, dict | list) else []
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def _new_value(old: Any, rng: Random, words: Sequence[str]) -> Any:
    number = isinstance(old, int | float) and not isinstance(old, bool)
    if number and abs(old) < 1e300 and rng.random() < 0.5:
        return rng.choice((old + 1, old - 1, -old, old * 2, old + 1e-9, float(old), 0, 10**18))
    if isinstance(old, str) and rng.random() < 0.3 and old:
        at = rng.randrange(len(old))
        return old[:at] + rng.choice((*STRINGS, *NUMBERS)) + old[at + 1 :]
    return rng.choice(
        (
            rng.choice(NUMBERS), rng.choice(STRINGS), rng.choice(words or STRINGS), None, True,
            False, 0, -1, 1, 0.5, 1e308, -5e-324, float("nan"), float("inf"), 2**53 + 1, 2**63,
            10**400, [], {}, [[]], [0, 1], {"": 0}, "0x1/0x3",
        )
    )  # fmt: skip


def archive(data: bytes, rng: Random, *, repair: Callable[[dict[str, Any]], None]) -> bytes:
    """Change a NumPy archive: its arrays, or the bytes of the file.

    Parameters
    ----------
    data : bytes
    rng : Random
    repair : callable
        ``repair(arrays)`` changes what is inside the arrays, such as a text in JSON, and sets
        checksums right.
    """
    kind = rng.randrange(6)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception:
        return raw(data, rng)
    if kind == 0:
        return raw(data, rng)
    if kind == 1:
        return _lying_headers(arrays, rng)
    if kind < 4:
        name = rng.choice(sorted(arrays))
        arrays[name] = _changed_array(arrays[name], rng)
        if rng.random() < 0.1:
            del arrays[name]
        if rng.random() < 0.1:
            arrays[rng.choice(("file", "a", "../a", *sorted(arrays)))] = np.arange(3)
    if kind > 1:
        repair(arrays)
    content = io.BytesIO()
    save = np.savez_compressed if rng.random() < 0.5 else np.savez
    arrays.pop("file", None)
    save(content, **arrays)
    return content.getvalue()


def _changed_array(array: Any, rng: Random) -> Any:
    kind = rng.randrange(8)
    flat = array.reshape(-1).copy()
    if kind == 0:
        other = rng.choice(("i1", "u4", "f4", "c16", "U3", "S2", "?", "M8[s]"))
        return array.astype(other) if array.dtype.kind in "biu" else array
    if kind == 1:
        return array.reshape(*array.shape, 1) if rng.random() < 0.5 else array.reshape(-1)[:1]
    if kind == 2:
        return flat[: rng.randrange(1 + flat.size)]
    if kind == 3:
        return np.concatenate([flat, flat])
    if kind == 4 and flat.size:
        return np.asarray(flat[0])
    if flat.size and array.dtype.kind in "if":
        extreme: Sequence[Any] = (-1, 0, 1, 2, 100, 2**31, 2**62, -(2**63))
        if array.dtype.kind == "f":
            extreme = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1e308, 5e-324, 0.5)
        flat[rng.randrange(flat.size)] = np.array(rng.choice(extreme)).astype(array.dtype)
    return flat.reshape(array.shape)


def _lying_headers(arrays: dict[str, Any], rng: Random) -> bytes:
    """Write arrays whose headers promise other shapes and types than there are."""
    import zipfile

    content = io.BytesIO()
    lying = rng.choice(sorted(arrays))
    with zipfile.ZipFile(
        content, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    ) as file:
        for name, array in arrays.items():
            part = io.BytesIO()
            np.save(part, array, allow_pickle=False)
            written = part.getvalue()
            if name == lying:
                shape = rng.choice(
                    ("(10000000000,)", "(100000000000000000000,)", "(-1,)", "(3, 0)", "(1e3,)",
                     "()", "(" * 500 + ")" * 500, "(1000000, 1000000, 8)", "'a'", "(True,)")
                )  # fmt: skip
                kind = rng.choice(
                    (array.dtype.str, "<f8", "|O", "|V8", "<U1000000", "[('a', '<i8')]")
                )
                head = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}"
                head += " " * (-(len(head) + 11) % 64) + "\n"
                body = written[10 + struct.unpack("<H", written[8:10])[0] :]
                written = written[:8] + struct.pack("<H", len(head)) + head.encode() + body
            file.writestr(f"{name}.npy", written)
    return content.getvalue()


def frames(data: bytes, rng: Random, magic: bytes, words: Sequence[str] = ()) -> bytes:
    """Change a file of frames of compressed JSON, each with its length and checksum."""
    head = struct.Struct("<II")
    at, payloads = len(magic), []
    while at + head.size <= len(data):
        length, _ = head.unpack_from(data, at)
        payloads.append(data[at + head.size : at + head.size + length])
        at += head.size + length
    kind = rng.randrange(8)
    if not payloads or kind == 0:
        return raw(data, rng)
    which = rng.randrange(len(payloads))
    if kind == 1:
        payloads[which] = payloads[rng.randrange(len(payloads))]
    elif kind == 2:
        payloads[which] = raw(payloads[which], rng)
    elif kind == 3 and rng.random() < 0.01:
        payloads[which] = _bomb()
    else:
        try:
            content = zlib.decompress(payloads[which])
        except zlib.error:
            content = b"{}"
        payloads[which] = zlib.compress(json_text(content, rng, words), 1)
    packed = [head.pack(len(p), zlib.crc32(p)) + p for p in payloads]
    return magic + b"".join(packed)


@cache
def _bomb() -> bytes:
    """Few bytes that are very many when they are unpacked."""
    return zlib.compress(b"0" * 3 * 10**8, 9)


def database(data: bytes, rng: Random) -> bytes:
    """Change a SQLite file: values in its rows, its tables and pragmas, or the bytes."""
    kind = rng.randrange(6)
    if kind == 0:
        return raw(data, rng)
    if kind == 1 and len(data) > 200:
        for _ in range(rng.choice((1, 2, 10))):
            at = rng.randrange(100)  # the file's header
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        return data
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.deserialize(data)
        for _ in range(rng.choice((1, 1, 2, 4))):
            _change_database(connection, rng)
        return connection.serialize()
    except (sqlite3.Error, OverflowError, UnicodeError):
        return raw(data, rng)
    finally:
        connection.close()


def _change_database(connection: sqlite3.Connection, rng: Random) -> None:
    tables = [
        name
        for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
    ]
    if not tables or rng.random() < 0.05:
        connection.execute(f"pragma user_version = {rng.choice((0, 1, 2, 99, -1))}")
        return
    table = rng.choice(sorted(tables))
    columns = [row[1] for row in connection.execute(f'pragma table_info("{table}")')]
    column = rng.choice(columns)
    if rng.random() < 0.05:
        connection.execute(rng.choice((
            f'drop table "{table}"', f'alter table "{table}" rename to other',
            f'alter table "{table}" rename column "{column}" to other', f'delete from "{table}"',
        )))  # fmt: skip
        return
    [found] = connection.execute(f'select "{column}" from "{table}" limit 1').fetchone() or (None,)
    value: Any = rng.choice((
        None, 0, -1, 2**62, 1e308, float("inf"), "", "x", b"", b"\xff" * 9, "[]", "{}", "null",
        "[" * 5000, "9" * 5000, "1e999", '{"a": NaN}',
        rng.choice(STRINGS[:-1]), rng.choice(NUMBERS),
    ))  # fmt: skip
    if isinstance(found, str) and found[:1] in ("[", "{") and rng.random() < 0.7:
        value = json_text(found.encode(), rng).decode("utf-8", "replace")
    if isinstance(found, bytes) and rng.random() < 0.7:
        value = raw(found, rng)
    if isinstance(found, int) and rng.random() < 0.5:
        value = found + rng.choice((-1, 1, 2**40))
    connection.execute(f'update "{table}" set "{column}" = ?', (value,))
