"""Addresses that a request brings along, kept to this site: nobody is led elsewhere by a link."""

from urllib.parse import urlsplit


def local_path(wanted: str, otherwise: str = "/") -> str:
    """Return the path if it is one of this site, else the other one."""
    parts = urlsplit(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    is_plain = is_local and not parts.scheme and not parts.netloc and "\\" not in wanted
    has_controls = any(ord(character) < ord(" ") for character in wanted)
    return wanted if is_plain and not has_controls else otherwise
