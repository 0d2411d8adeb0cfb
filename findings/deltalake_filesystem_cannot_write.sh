#!/usr/bin/env bash
# deltalake 1.6.6 (with pyarrow 26.0.1 and 25.0.1): the file system that it offers to pyarrow opens
# files to write, and refuses what pyarrow writes.
#
# DeltaStorageHandler is made for pyarrow.fs.PyFileSystem. pyarrow hands the stream a Buffer of its
# own for the bytes that it is given; the stream takes nothing but bytes.
#
# Seen: "TypeError: 'Buffer' object is not an instance of 'bytes'"
# What follows for this project: Polars writes data files into an object store by itself; the
# handler is asked for sizes alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1
"$work/venv/bin/python" - "$work" <<'PY'
import sys

from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import PyFileSystem

handler = DeltaStorageHandler(f"file://{sys.argv[1]}")
try:
    with PyFileSystem(handler).open_output_stream("a file") as stream:
        stream.write(b"some bytes")
except TypeError as error:
    print(f"TypeError: {error}")
else:
    raise AssertionError("the behaviour has changed")
PY
