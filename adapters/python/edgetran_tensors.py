"""Tensor blobs of EdgeTran's protocol (docs/protocol.md) as NumPy arrays: the layout of safetensors
with the types F32 and I64."""

import json
import struct

import numpy

TYPES = {"F32": numpy.dtype("<f4"), "I64": numpy.dtype("<i8")}


def encode_tensors(tensors):
    """{name: array of float32 or int64} as a blob."""
    header, parts, offset = {}, [], 0
    for name, array in tensors.items():
        kind = next((kind for kind, dtype in TYPES.items() if array.dtype == dtype), None)
        if kind is None:
            raise ValueError(f"\"{name}\" is of type {array.dtype}; known are float32 and int64")
        data = numpy.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def decode_tensors(blob):
    """A blob as {name: array}; ValueError where it is not one."""
    if len(blob) < 8:
        raise ValueError("a tensor blob has at least 8 bytes")
    (size,) = struct.unpack("<Q", blob[:8])
    if size > len(blob) - 8:
        raise ValueError("the header is longer than the blob")
    tensors, data = {}, memoryview(blob)[8 + size:]
    for name, entry in json.loads(blob[8:8 + size]).items():
        begin, end = entry["data_offsets"]
        dtype, shape = TYPES[entry["dtype"]], entry["shape"]
        if not 0 <= begin <= end <= len(data):
            raise ValueError(f"\"{name}\" lies outside the blob")
        tensors[name] = numpy.frombuffer(data[begin:end], dtype).reshape(shape)
    return tensors
