"""What the tokenizers' oracle tests share: lines of mixed Unicode, real text, and our side.

Environment: EDGETRAN_ENCODE_LINES and EDGETRAN_TRAIN_VOCABULARY, the programs of encode_lines.cc and
train_vocabulary.cc; EDGETRAN_ORACLE_LINES, how many lines (default 20 000); EDGETRAN_SHARED_DATA, the
folder of shared data (default ../shared/data beside the checkout).
"""

import lzma
import os
import pathlib
import random
import subprocess

LINES = int(os.environ.get("EDGETRAN_ORACLE_LINES", "20000"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("EDGETRAN_SHARED_DATA", ROOT.parent / "shared" / "data"))
REAL_TEXT = SHARED / "text" / "enwiki2014_valid.txt.xz"

# Blocks that stay as they are from Unicode 15 on: (first, last) code points.
SCRIPTS = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x180, 0x24F), (0x250, 0x2FF), (0x370, 0x3FF), (0x400, 0x52F),
    (0x531, 0x58F), (0x591, 0x5F4), (0x600, 0x6FF), (0x700, 0x74F), (0x900, 0x97F), (0x981, 0x9FB),
    (0xA01, 0xA75), (0xB82, 0xBFA), (0xC85, 0xCF2), (0xE01, 0xE5B), (0xE81, 0xEDF), (0xF00, 0xFDA),
    (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x139F), (0x13A0, 0x13FF),
    (0x1680, 0x169C), (0x16A0, 0x16F8), (0x1780, 0x17F9), (0x1E00, 0x1FFE), (0x2000, 0x206F),
    (0x2070, 0x209C), (0x20A0, 0x20C0), (0x2100, 0x218B), (0x2190, 0x23FF), (0x2460, 0x27BF),
    (0x2C00, 0x2C7F), (0x2E80, 0x2FD5), (0x3000, 0x303F), (0x3041, 0x30FF), (0x3105, 0x312F),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4C6), (0xAC00, 0xD7A3), (0xF900, 0xFAD9),
    (0xFB00, 0xFB4F), (0xFE70, 0xFEFC), (0xFF01, 0xFFEE), (0x10000, 0x100FA), (0x10330, 0x1034A),
    (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FC), (0x1F900, 0x1F9FF),
    (0x20000, 0x2A6DF)]
MARKS = [chr(c) for c in [*range(0x300, 0x370), 0x5B4, 0x64B, 0x93C, 0x94D, 0x302A, 0x3099, 0x20D0]]
CONTROLS = [*"\t\r\x00\x01\x0b\x0c\x1b\x1c\x1f\x7f\x80\x85\x9f", "\xad", "\u200b", "\u200c", "\u200d",
            "\u200e", "\u2028", "\u2029", "\u2060", "\ufeff", "\ufffd", "\ue000", "\uf8ff",
            "\U000e0001", "\U000f0000"]
BLANKS = [" ", "  ", "   ", "\t", "\u00a0", "\u1680", "\u2003", "\u202f", "\u3000", " \t "]
EMOJI = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇫🇷", "☕️", "1️⃣", "🤷🏿‍♀️", "😀"]
WORDS = ["the", "don't", "we'll", "I'VE", "it's", "'tis", "x''s", "unaffable", "Élan", "naïve", "straße",
         "İstanbul", "ΣΑΣ", "3.14", "1,000", "a_b", "#tag", "http://a.b/c?d=e", "C++", "[SEP]", "[MASK]",
         "<s>", "</s>", "<mask>", "##s", "a" * 100, "b" * 101, "…", "“q”", "№5", "½", "²"]
# Not UTF-8: stray and missing continuations, overlong forms, surrogates, beyond U+10FFFF.
INVALID = [b"\x80", b"\xbf\xbf", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xe0\x80\xaf",
           b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf8\x88",
           b"\xfe", b"\xff"]


def piece(source):
    """A few characters of one kind."""
    kind = source.randrange(10)
    if kind < 4:
        first, last = source.choice(SCRIPTS)
        return "".join(chr(source.randint(first, last)) for _ in range(source.randrange(1, 9)))
    if kind == 4:
        return chr(source.randint(0x41, 0x24F)) + "".join(
            source.choice(MARKS) for _ in range(source.randrange(1, 4)))
    if kind == 5:
        return source.choice(CONTROLS)
    if kind == 6:
        return source.choice(EMOJI)
    return source.choice(BLANKS) if kind == 7 else source.choice(WORDS)


def mixed_line(source):
    """Bytes without a line feed; one line in five is not valid UTF-8."""
    joined = source.choice(["", " ", " "]).join(piece(source) for _ in range(source.randrange(1, 16)))
    line = joined.encode()
    if source.randrange(5) == 0:
        for _ in range(source.randrange(1, 4)):
            at = source.randrange(len(line) + 1)
            line = line[:at] + source.choice(INVALID) + line[at:]
    return line


def real_lines(count):
    """Lines of Wikipedia, where the shared data is there."""
    if not REAL_TEXT.is_file():
        return []
    with lzma.open(REAL_TEXT, "rb") as file:
        lines = [line.rstrip(b"\n") for line in file]
    return lines[:count]


def mixed_lines(seed, count=LINES):
    """`count` lines, a tenth of them real text where there is some."""
    source = random.Random(seed)
    lines = real_lines(count // 10)
    lines += [mixed_line(source) for _ in range(count - len(lines))]
    return lines


def text_of(line):
    """The line as our tokenizers read it: bytes that are not valid UTF-8 are dropped."""
    return line.decode("utf-8", errors="ignore")


def ours(tokenizer, rows, max_length=0, cased=False):
    """[start of the second text, ids...] for each row, a list of one or two texts as bytes."""
    command = [os.environ["EDGETRAN_ENCODE_LINES"], str(tokenizer), str(max_length)]
    lines = "".join(" ".join(text.hex() for text in row) + "\n" for row in rows)
    done = subprocess.run(command + (["cased"] if cased else []), input=lines.encode(),
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return [[int(word) for word in line.split()] for line in done.stdout.splitlines()]


def train(kind, size, min_frequency, lines, out):
    """Runs our trainer over the lines; `out` is its file."""
    subprocess.run([os.environ["EDGETRAN_TRAIN_VOCABULARY"], kind, str(size), str(min_frequency),
                    str(out)], input=b"\n".join(lines) + b"\n", check=True)
