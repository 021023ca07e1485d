"""JPEG files written by hand: what no encoder writes, and every decoder reads."""

import struct

_MOST_BLOCKS_IN_A_RUN = 32767


def segment(marker, body):
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def progressive(scans, side=8, *, between=b""):
    """A grey square of so many scans (ITU-T T.81, G): one says that all is grey, the others add nothing to it.

    The first 630 after it come in an order that the standard allows: each coefficient, from its tenth bit down.
    `between` stands before the last scan.
    """
    blocks = (-(-side // 8)) ** 2
    frame = segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0")
    # Of the two tables the first knows "the same as before", the second "nothing in 2^14 blocks and more" and "here".
    tables = segment(0xC4, b"\0" + _codes(1) + b"\0") + segment(0xC4, b"\x10" + _codes(1, 1) + b"\xe0\0")
    first = segment(0xDA, b"\1\1\0\0\0\0") + _bytes("0" * blocks)
    nothing = _bytes(_runs(blocks))
    order = [(k, bit) for k in range(1, 64) for bit in range(9, -1, -1)]
    more = [order[min(number, len(order) - 1)] for number in range(scans - 1)]
    each = [_refinement(k, bit) + nothing for k, bit in more]
    return b"".join((
        b"\xff\xd8", segment(0xDB, b"\0" + bytes((16,)) * 64), frame, tables, first, *each[:-1], between, *each[-1:],
        b"\xff\xd9",
    ))  # fmt: skip


def _codes(*counts):
    return bytes(counts).ljust(16, b"\0")


def _refinement(coefficient, bit):
    before = 0 if bit == 9 else bit + 1
    return segment(0xDA, bytes((1, 1, 0, coefficient, coefficient, before << 4 | bit)))


def _runs(blocks):
    whole, rest = divmod(blocks, _MOST_BLOCKS_IN_A_RUN)
    return ("0" + "1" * 14) * whole + ("0" + format(rest - 2**14, "014b") if rest >= 2**14 else "10" * rest)


def _bytes(bits):
    raw = int(bits + "1" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")
    return raw.replace(b"\xff", b"\xff\0")
