"""Names and passwords, compared as people mean them and not as their keyboards encode them (RFC 8265)."""

import unicodedata

from precis_i18n import get_profile

LONGEST_NAME = 64  # characters
SHORTEST_PASSWORD = 15  # characters (NIST SP 800-63B-4 §3.1.1)
LONGEST_PASSWORD = 1000  # characters
UNFIT_NAME = "Use letters, digits and signs that can be seen, no spaces, 64 characters at most."

username_case_mapped = get_profile("UsernameCaseMapped")


def as_username(text: str) -> str:
    """This name in the one form that is stored: no capitals, nothing invisible (RFC 8265 §3.3).

    Raises:
        ValueError: if nobody can have this name; a UnicodeEncodeError for half a character.
    """
    text.encode()
    try:
        name = username_case_mapped.enforce(text)
    except UnicodeEncodeError:
        raise ValueError(UNFIT_NAME) from None
    if len(name) > LONGEST_NAME:
        raise ValueError(UNFIT_NAME)
    return name


def as_password(text: str) -> str:
    """This password in the one form that is hashed (NFC), whatever keyboard it came from.

    Raises:
        UnicodeEncodeError: for half a character.
    """
    text.encode()
    return unicodedata.normalize("NFC", text)
