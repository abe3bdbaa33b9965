"""What an ONNX file says of itself, read without the package onnx: the names of its nodes, for
messages, and the symbolic sizes of its inputs."""

GRAPH, NODE, INPUT = 7, 1, 11                      # of a model, of a graph
NODE_OUTPUT, NODE_NAME, NODE_TYPE, NODE_DOMAIN = 2, 3, 4, 7
MAX_NODES = 100_000


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def _fields(data):
    """(number, bytes or None) of a protobuf message; ends where the bytes are none."""
    at = 0
    try:
        while at < len(data):
            tag, at = _varint(data, at)
            number, kind, payload = tag >> 3, tag & 7, None
            if kind == 0:
                _, at = _varint(data, at)
            elif kind == 2:
                size, at = _varint(data, at)
                if size > len(data) - at:
                    return
                payload, at = data[at:at + size], at + size
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            else:
                return
            yield number, payload
    except IndexError:
        return


def _parts(data, *numbers):
    """The bytes of the fields with these numbers, one inside the other."""
    if not numbers:
        yield data
        return
    for number, payload in _fields(data):
        if number == numbers[0] and payload is not None:
            yield from _parts(payload, *numbers[1:])


def _text(data, number):
    return next((bytes(part).decode(errors="replace") for part in _parts(data, number)), "")


def nodes(model):
    """[(domain, type, name)] of the main graph; a node without a name goes by its first output."""
    found = []
    for node in _parts(memoryview(model), GRAPH, NODE):
        name = _text(node, NODE_NAME) or _text(node, NODE_OUTPUT)
        found.append((_text(node, NODE_DOMAIN), _text(node, NODE_TYPE), name))
        if len(found) == MAX_NODES:
            break
    return found


def symbolic_sizes(model):
    """[[name of the size, or ""] of each dimension] of each input of the main graph."""
    shapes = []
    for value in _parts(memoryview(model), GRAPH, INPUT):
        # ValueInfoProto.type (2), TypeProto.tensor_type (1), its shape (2), dim (1), dim_param (2)
        shapes.append([_text(size, 2) for size in _parts(value, 2, 1, 2, 1)])
    return shapes
