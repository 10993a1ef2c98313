"""Answers to the exercises of lesson 01: other right ones, and wrong ones with the words that must explain them."""

RIGHT = {
    "1.1": ["number_of_parts = TOKEN.count('.') + 1", "number_of_parts = 3"],
    "1.2": [
        'def decode_part(part):\n    return base64.urlsafe_b64decode(part + "==")',
        'def decode_part(part):\n    while len(part) % 4:\n        part += "="\n'
        '    return base64.b64decode(part.encode(), altchars=b"-_", validate=True)',
    ],
    "1.3": [
        """
def claims_of(token):
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("not three parts")
    text = base64.urlsafe_b64decode(parts[1] + "==").decode("utf-8")
    claims = json.loads(text)
    if type(claims) is not dict:
        raise ValueError("not an object")
    return claims
"""
    ],
    "1.4": [
        'def is_expired(claims, now):\n    return claims.get("exp", float("inf")) <= now',
        'def is_expired(claims, now):\n    if "exp" not in claims:\n        return False\n    return not now < claims["exp"]',
    ],
}

WRONG = {
    "1.1": [
        ("number_of_parts = TOKEN.count('.')", "counted the dots"),
        ("number_of_parts = TOKEN.split('.')", "the parts themselves"),
        ("number_of_parts = len(TOKEN)", "number of characters"),
        ("number_of_parts = '3'", "without quotation marks"),
        ("number_of_parts = 5", "Look for the dots"),
        ("number_of_parts = None", "Expected a whole number"),
    ],
    "1.2": [
        ("def decode_part(part):\n    return base64.urlsafe_b64decode(part)", "leaves the `=` out"),
        (
            "def decode_part(part):\n    return base64.urlsafe_b64decode(part + '=')",
            "leaves the `=` out",
        ),
        (
            "def decode_part(part):\n    return base64.b64decode(part + '==')",
            "Use `urlsafe_b64decode`",
        ),
        (
            "def decode_part(part):\n    return base64.urlsafe_b64decode(part + '==').decode('latin-1')",
            "leave out the `.decode()`",
        ),
        (
            "def decode_part(part):\n    return json.loads(base64.urlsafe_b64decode(part + '=='))",
            "parsing the JSON comes later",
        ),
        (
            "def decode_part(part):\n    try:\n        return base64.urlsafe_b64decode(part + '==')\n"
            "    except Exception:\n        return b''",
            "Let the error happen",
        ),
        (
            "def decode_part(part):\n    base64.urlsafe_b64decode(part + '==')",
            "forget the `return`",
        ),
        (
            "def decode_part(part):\n    print(base64.urlsafe_b64decode(part + '=='))",
            "to print is not to return",
        ),
        ("def decode_part(part):\n    return decode_part(part)", "calls itself without end"),
        ("decode_part = base64.urlsafe_b64decode(payload + padding)", "the function itself"),
        (
            "def decode_part(part):\n    return base64.urlsafe_b64decode(prat + '==')",
            "spelled right",
        ),
        ("def decode_part(part):\n    raise SystemExit", "ends the program"),
    ],
    "1.3": [
        (
            "def claims_of(token):\n    return json.loads(decode_part_ok(token.split('.')[0]))",
            "returned the header",
        ),
        (
            "def claims_of(token):\n    return decode_part_ok(token.split('.')[1])",
            "`json.loads` makes one",
        ),
        (
            "def claims_of(token):\n    return json.loads(decode_part_ok(token.split('.')[1]))",
            "it has two parts",
        ),
        (
            "def claims_of(token):\n    header, payload, signature = token.split('.')\n"
            "    return json.loads(decode_part_ok(payload))",
            "Claims are a JSON object",
        ),
        (
            "def claims_of(token):\n    header, payload, signature = token.split('.')\n"
            "    return json.loads(decode_part_ok(payload).decode('latin-1'))",
            "UTF-8",
        ),
        (
            "def claims_of(token):\n    try:\n        h, p, s = token.split('.')\n        return json.loads(decode_part_ok(p))\n"
            "    except ValueError:\n        return {}",
            "it has two parts",
        ),
        (
            "def claims_of(token):\n    header, payload, signature = token.split('.')\n    return header, payload",
            "returned a tuple",
        ),
        (
            "def claims_of(token):\n    h, p, s = token.split('.')\n    return json.loads(base64.urlsafe_b64decode(p))",
            "leaves the `=` out",
        ),
    ],
    "1.4": [
        ('def is_expired(claims, now):\n    return now > claims.get("exp", 1e20)', "includes it"),
        ('def is_expired(claims, now):\n    return now < claims["exp"]', "wrong way round"),
        ('def is_expired(claims, now):\n    return now >= claims["exp"]', "does not expire"),
        (
            'import time\ndef is_expired(claims, now):\n    return time.time() >= claims["exp"]',
            "the `now` that the function is given",
        ),
        (
            'def is_expired(claims, now):\n    return bool(claims.get("exp")) and now >= claims["exp"]',
            "and not a missing claim",
        ),
        ('def is_expired(claims, now):\n    return claims["exp"]', "Expected: `False`"),
        (
            'def is_expired(claims, now):\n    return now * 1000 >= claims["exp"]',
            "both are in seconds",
        ),
        (
            'def is_expired(claims, now):\n    return datetime.fromtimestamp(claims["exp"]) < now',
            "plain numbers",
        ),
    ],
}

PRELUDE = """
def decode_part_ok(part):
    return base64.urlsafe_b64decode(part + "==")
"""
