"""Texts that programs write, which name no encoding."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, utf_8_decode, utf_16_decode

_REPLACED = "\N{REPLACEMENT CHARACTER}"


def decoded(content: bytes) -> str:
    """
    Decode what a program wrote, which names no encoding.

    UTF-16 has its mark, as the shells of Windows write it.  What has no letter in UTF-8 but those
    of ASCII, and other bytes, is taken for the code page of Windows in the West.
    """
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    text = content.decode(errors="replace")
    # One that was cut within a letter, or has a bad byte, is UTF-8 all the same.
    others = set(text) if _REPLACED in text else ()
    if others and all(letter.isascii() for letter in others - {_REPLACED}):
        return content.decode("cp1252", errors="replace")
    return text


class GrowingText:
    """Decodes what a program writes piece by piece, as `decoded` does with the whole of it."""

    def __init__(self) -> None:
        self._mark: bytes | None = None
        self._rest = b""

    def feed(self, piece: bytes) -> str:
        """Decode what has come, but for a letter of which only a part is there."""
        content = self._rest + piece
        if self._mark is None:
            if len(content) < len(BOM_UTF16_LE):
                self._rest = content
                return ""
            is_marked = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
            self._mark = content[: len(BOM_UTF16_LE)] if is_marked else b""
            content = content.removeprefix(self._mark)
        text, whole = self._decode(content, self._mark)
        self._rest = content[whole:]
        return text

    @staticmethod
    def _decode(content: bytes, mark: bytes) -> tuple[str, int]:
        """Decode all whole letters, and tell how many bytes these take."""
        if mark:
            text, whole = utf_16_decode(mark + content, "replace", False)
            return text, whole - len(mark)
        _, whole = utf_8_decode(content, "replace", False)
        return decoded(content[:whole]), whole
