"""Archives of arrays that anybody may have written."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gametheory.files import read_arrays
from tests.fuzzing.bounds import bounded

KINDS = st.sampled_from(["<f8", ">f8", "<f4", "<i8", "|u1", "?", "<c16", "<U3", "|S4"])


@given(
    st.dictionaries(
        st.sampled_from(["a", "rows", "of.two"]),
        KINDS.flatmap(lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0))),
    ),
    st.booleans(),
)
def test_what_numpy_writes_is_read(tmp_path_factory, arrays, compressed):
    path = tmp_path_factory.mktemp("arrays") / "some.npz"
    with path.open("wb") as file:
        (np.savez_compressed if compressed else np.savez)(file, **arrays)
    found = read_arrays(path)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert found[name].flags.writeable


def test_columns_first_stays_so(tmp_path):
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.savez(tmp_path / "one.npz", a=array)
    assert read_arrays(tmp_path / "one.npz")["a"].tolist() == array.tolist()


def header(shape: str, kind: str = "<f8") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (header("(10000000000,)") + bytes(80), "promises 80,000,000,000 bytes and holds 80"),
        (header("(100000000000000000000,)") + bytes(80), "promises"),
        (header("(3,)") + bytes(80), "promises 24 bytes and holds 80"),
        (header("(-1,)") + bytes(80), "of shape"),
        (header("(1.5,)") + bytes(80), "shape"),
        (header("(10,)", "|O") + bytes(80), "object"),
        (header("(10,)", "<U0"), "promises"),
        (header("(" * 500 + ")" * 500), "."),
        (b"", "."),
        (b"hello", "magic"),
        (b"\x93NUMPY\x09\x00" + bytes(80), "version"),
    ],
)
def test_headers_that_lie_are_refused_before_memory_is_taken(content, why, tmp_path):
    path = tmp_path / "one.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", content)
    with bounded(5.0, megabytes=256), pytest.raises(ValueError, match=why):
        read_arrays(path)


def test_other_files_are_refused_in_words(tmp_path):
    whole = io.BytesIO()
    np.savez_compressed(whole, a=np.arange(100.0))
    content = whole.getvalue()
    path = tmp_path / "some.npz"
    for cut in range(0, len(content), 7):
        path.write_bytes(content[:cut])
        with pytest.raises(ValueError, match="no archive"):
            read_arrays(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.npy", content)
    with pytest.raises(ValueError, match="unusual"):
        read_arrays(path)
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "nowhere.npz")
