"""The layouts, numbers and prototypes against the header that C reads, and the options against the library."""

from __future__ import annotations

import ast
import ctypes
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sansock import (
    ClientOptions,
    Connection,
    InvalidArgument,
    MessageKind,
    OriginRelation,
    SansockError,
    ServerOptions,
    State,
    Transport,
    _errors,
    _ffi,
    _numbers,
)

from conftest import REPOSITORY

HEADER = re.sub(r"/\*.*?\*/|//[^\n]*", "", (REPOSITORY / "include" / "sansock.h").read_text("utf-8"), flags=re.DOTALL)
DEFINES = dict(re.findall(r"#define SANSOCK_(\w+) \(?(-?\d+)\)?\s*$", HEADER, flags=re.MULTILINE))
PROTOTYPES = re.findall(r"SANSOCK_API[^;(]*?\bsansock_(\w+)\(([^()]*)\);", HEADER)
C_TYPES = {
    "uint8_t": ctypes.c_uint8,
    "uint16_t": ctypes.c_uint16,
    "uint32_t": ctypes.c_uint32,
    "int32_t": ctypes.c_int32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
}


def struct_of_header(name: str) -> type[ctypes.Structure]:
    body = re.search(rf"typedef struct {name} {{(.*?)}} {name};", HEADER, flags=re.DOTALL)
    assert body, name
    fields = []
    for line in filter(None, map(str.strip, body[1].split(";"))):
        declared = re.fullmatch(r"(?:const )?(?:struct )?(\w+) (\*?)(\w+)(?:\[(\d+)\])?", line)
        assert declared, line
        base = ctypes.c_size_t if declared[2] else C_TYPES[declared[1]]
        fields.append((declared[3], base * int(declared[4]) if declared[4] else base))
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def offsets(layout: type[ctypes.Structure]) -> dict[str, int]:
    return {name: getattr(layout, name).offset for name in names(layout)}


def names(layout: Any) -> Iterator[str]:
    """The names of its fields, and of the fields of anonymous structures in it."""
    for name, kind, *_ in layout._fields_:
        if name in getattr(layout, "_anonymous_", ()):
            yield from names(kind)
        else:
            yield name


def test_block() -> None:
    expected = struct_of_header("sansock_block")
    pointer = ctypes.sizeof(ctypes.c_void_p)
    found = offsets(_ffi.Block)
    for first, ending in (("regions", ""), ("region_lens", "_len")):
        names = [region + ending for region in ("input", "store", "scratch")]
        start = offsets(expected)[first]
        assert [found.pop(name) for name in names] == [start, start + pointer, start + 2 * pointer]
        found[first] = start
    assert found == offsets(expected)
    assert ctypes.sizeof(_ffi.Block) == ctypes.sizeof(expected) == _ffi._library.sansock_block_size()


def test_url() -> None:
    expected = struct_of_header("sansock_url")
    assert offsets(_ffi.UrlParts) == offsets(expected)
    assert ctypes.sizeof(_ffi.UrlParts) == ctypes.sizeof(expected)


def test_proxy() -> None:
    expected = struct_of_header("sansock_proxy")
    assert offsets(_ffi.ProxyParts) == offsets(expected)
    assert ctypes.sizeof(_ffi.ProxyParts) == ctypes.sizeof(expected)


def test_record() -> None:
    expected = struct_of_header("sansock_record")
    codes = _ffi.RECORD.format[1:]
    assert [struct.calcsize("=" + codes[:n]) for n in range(len(codes))] == list(offsets(expected).values())
    assert _ffi.RECORD.size == ctypes.sizeof(expected) == _ffi._library.sansock_record_size()


def test_field() -> None:
    expected = struct_of_header("(?:sansock_f|F)ield")
    assert [struct.calcsize("@" + "PNPN"[:n]) for n in range(4)] == list(offsets(expected).values())
    assert _ffi.FIELD.format == "@PNPN"
    assert _ffi.FIELD.size == ctypes.sizeof(expected)


def test_constants() -> None:
    groups = "ERR", "KIND", "FLAG", "REGION", "ORIGIN", "TRANSPORT", "STATE", "BLOCK", "ROLE", "TEXT", "HTTP"
    prefixes = tuple(group + "_" for group in groups)
    named = {name: number for name, number in DEFINES.items() if name.startswith(prefixes)}
    assert named == {name: str(number) for name, number in vars(_numbers).items() if name.startswith(prefixes)}
    assert DEFINES["ABI_VERSION"] == str(_numbers.ABI_VERSION)
    assert DEFINES["OK"] == str(_numbers.OK)
    assert "#define SANSOCK_NEVER UINT64_MAX" in HEADER
    assert _numbers.NEVER == 2**64 - 1


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("OPTION_", {name.upper(): option.number for name, option in _numbers.OPTIONS.items()}),
        ("TRANSPORT_", {member.name: member.value for member in Transport}),
        ("STATE_", {member.name: member.value for member in State}),
        ("ORIGIN_", {member.name: member.value for member in OriginRelation}),
        ("ERR_", {error.name: error.status for error in SansockError.__subclasses__()}),
    ],
)
def test_numbers(prefix: str, found: dict[str, int]) -> None:
    named = {name[len(prefix) :]: int(number) for name, number in DEFINES.items() if name.startswith(prefix)}
    assert found == named
    assert all(list(found.values())[n] == n for n in range(len(found))) or prefix in ("OPTION_", "ERR_")


def test_kinds_of_messages() -> None:
    assert {f"KIND_{kind.name}": str(kind.value) for kind in MessageKind}.items() <= DEFINES.items()


def test_every_error_has_a_class_and_a_text() -> None:
    for status in sorted(_errors._CLASSES):
        error = _errors.failure(status)
        assert error.status == status
        assert str(error)


@pytest.mark.parametrize("name", _numbers.OPTIONS)
def test_ranges_of_options(name: str) -> None:
    create: Any = Connection.server
    option = _numbers.OPTIONS[name]
    for value in {option.minimum, option.maximum, option.minimum if option.default is None else option.default}:
        create(**{name: value})
    for value in (option.minimum - 1, option.maximum + 1):
        with pytest.raises(InvalidArgument, match=f"{name} cannot be {value}: it must be from {option.minimum} to"):
            create(**{name: value})
    assert (option.value_type is bool) is ((option.minimum, option.maximum) == (0, 1))


def test_documentation_of_options() -> None:
    tree = ast.parse(Path(_numbers.__file__).read_text("utf-8"))
    (body,) = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "NumericOptions"]
    found = {}
    for field, text in zip(body[1::2], body[2::2]):
        assert isinstance(field, ast.AnnAssign)
        assert isinstance(text, ast.Expr)
        assert isinstance(text.value, ast.Constant)
        found[ast.unparse(field.target)] = (ast.unparse(field.annotation), text.value.value)
    assert found == {
        name: (f"{option.value_type.__name__} | None", option.doc) for name, option in _numbers.OPTIONS.items()
    }
    assert _numbers.NumericOptions.__optional_keys__ == _numbers.OPTIONS.keys()


def test_help_describes_every_option() -> None:
    documented = f"{ServerOptions.__doc__}\n{ClientOptions.__doc__}"
    for name in ClientOptions.__annotations__:
        assert f"    {name}: " in documented


def test_prototypes() -> None:
    declared = {name: 0 if arguments.strip() == "void" else arguments.count(",") + 1 for name, arguments in PROTOTYPES}
    found = {name: len(arguments) for name, arguments in _ffi.prototypes.items()}
    assert found.items() <= declared.items()
    # These are not used here, or called before the prototypes are bound. Memory that is lent saves nothing where
    # messages become bytes.
    unused = {
        "abi_version",
        "record_size",
        "block_size",
        "fault_text",
        "random_seed",
        "conn_reject",
        "conn_lend",
        "conn_receive_lent",
    }
    assert declared.keys() - found.keys() == unused


def test_widths_of_arguments() -> None:
    for name, arguments in PROTOTYPES:
        bound = _ffi.prototypes.get(name)
        for declared, argument in zip(arguments.split(","), bound or ()):
            plain = re.fullmatch(r"\s*(\w+) \w+\s*", declared)
            if plain:
                assert argument is C_TYPES[plain[1]], f"{name}: {declared.strip()}"
