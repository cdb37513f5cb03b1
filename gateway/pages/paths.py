"""Addresses that a request brings along, kept to this site: nobody is led elsewhere by a link."""


def local_path(wanted: str, otherwise: str = "/") -> str:
    """Return the path if it is one of this site, else the other one."""
    is_local = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    has_controls = any(ord(character) < ord(" ") for character in wanted)
    return wanted if is_local and not has_controls else otherwise
