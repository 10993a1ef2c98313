"""Answers to the exercises of lesson 10: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "10.1": [
        """
def has_scope(claims, scope):
    if not isinstance(claims.get("scope"), str):
        return False
    return any(word == scope for word in claims["scope"].split(" "))
""",
        """
def has_scope(claims, scope):
    match claims:
        case {"scope": str(granted)}:
            return scope in set(granted.split())
    return False
""",
        """
def has_scope(claims, scope):
    try:
        return f" {scope} " in " " + claims["scope"] + " " and " " not in scope
    except (KeyError, TypeError):
        return False
""",
    ],
    "10.2": [
        """
def requires_scope(scope):
    def decorate(view):
        @jwt_required()
        def guard(**kwargs):
            if scope not in get_jwt().get("scope", "").split():
                answer = jsonify_message("no")
                return answer, 403, {"WWW-Authenticate": f'Bearer scope="{scope}", error="insufficient_scope"'}
            return view(**kwargs)
        guard.__name__ = view.__name__
        return guard
    return decorate
def jsonify_message(text):
    return {"message": text}
""",
        """
from flask import jsonify, make_response
from flask_jwt_extended import verify_jwt_in_request
def requires_scope(scope):
    def decorate(view):
        @wraps(view)
        def guard(*args, **kwargs):
            verify_jwt_in_request()
            granted = get_jwt().get("scope")
            if isinstance(granted, str) and scope in granted.split():
                return view(*args, **kwargs)
            answer = make_response(jsonify(message="no"), 403)
            answer.headers["www-authenticate"] = (
                f'Bearer realm="a, b", error="insufficient_scope", scope="{scope}"'
            )
            return answer
        return guard
    return decorate
""",
        """
class requires_scope:
    def __init__(self, scope):
        self.scope = scope
    def __call__(self, view):
        def guard(**kwargs):
            if self.scope not in str(get_jwt().get("scope")).split():
                challenge = f'Bearer error=insufficient_scope, scope="{self.scope}"'
                return {"message": "no"}, 403, [("WWW-Authenticate", challenge)]
            return view(**kwargs)
        return wraps(view)(jwt_required()(guard))
""",
    ],
    "10.3": [
        """
def add_delete_me(app, users):
    @app.route("/me", methods=["DELETE"])
    @jwt_required(fresh=True)
    def anything():
        me = int(get_jwt()["sub"])
        if me not in users:
            return {"message": "gone"}, 404
        del users[me]
        return {}, 204
""",
        """
from flask import Response, jsonify
def add_delete_me(app, users):
    @jwt_required(fresh=True)
    def leave():
        try:
            users.pop(int(get_jwt_identity()))
        except KeyError:
            return jsonify(message="You are gone already."), 404
        return Response(status=204)
    app.add_url_rule("/me", view_func=leave, methods=["DELETE"])
""",
    ],
}

_GUARD = """
def requires_scope(scope):
    def decorate(view):
        @wraps(view)
        @jwt_required()
        def guarded_view(*args, **kwargs):
            {body}
        return guarded_view
    return decorate
"""
_REFUSAL = (
    'return {"message": "no"}, 403, '
    '{"WWW-Authenticate": f\'Bearer error="insufficient_scope", scope="{scope}"\'}'
)
_DELETE = """
def add_delete_me(app, users):
    @app.delete("/me")
    @jwt_required({fresh})
    def delete_me():
        {body}
"""

_BODY = f"""if scope in str(get_jwt().get("scope", "")).split(): return view(*args, **kwargs)
            {_REFUSAL}"""
_POP = (
    "return ('', 204) if users.pop(int(get_jwt_identity()), None) is not None "
    "else ({'message': 'gone'}, 404)"
)

WRONG = {
    "10.1": [
        (
            """
def has_scope(claims, scope):
    return scope in str(claims.get("scope", "")).split()
""",
            "A number is not what the standard has",
        ),
        (
            "def has_scope(claims, scope):\n    return scope in claims.get('scope', '')",
            "begins alike",
        ),
        (
            "def has_scope(claims, scope):\n    return scope in claims['scope'].split()",
            "use `claims.get(…)`",
        ),
        (
            "def has_scope(claims, scope):\n    return scope in claims.get('scope', '').split()",
            "`isinstance` first",
        ),
        (
            "def has_scope(claims, scope):\n    return claims.get('scope') == scope",
            "the second of two",
        ),
        (
            "def has_scope(claims, scope):\n"
            "    return scope in str(claims.get('scope', '')).lower().split()",
            "case-sensitive",
        ),
        (
            "def has_scope(claims, scope):\n"
            "    granted = claims.get('scope') or ''\n"
            "    return scope in (granted.split() if isinstance(granted, str) else granted)",
            "not what the standard has",
        ),
        (
            "def has_scope(claims, scope):\n"
            "    granted = claims.get('scope')\n"
            "    return isinstance(granted, str) and granted.startswith(scope)",
            "the second of two",
        ),
        (
            "def has_scope(claims, scope):\n    print(scope in claims['scope'].split())",
            "to print is not to return",
        ),
        (
            "import re\ndef has_scope(claims, scope):\n    granted = claims.get('scope')\n"
            "    return isinstance(granted, str) and re.search(rf'\\b{scope}\\b', granted) is not None",
            "A scope is a whole word",
        ),
        (
            "import re\ndef has_scope(claims, scope):\n    granted = claims.get('scope')\n"
            "    return isinstance(granted, str) and any(re.fullmatch(scope, each) for each in granted.split())",
            "and no pattern",
        ),
        (
            "import fnmatch\ndef has_scope(claims, scope):\n    granted = claims.get('scope')\n"
            "    return isinstance(granted, str) and any(fnmatch.fnmatchcase(scope, each) for each in granted.split())",
            "and no pattern",
        ),
        (
            "import re\ndef has_scope(claims, scope):\n    granted = claims.get('scope')\n"
            "    return isinstance(granted, str) and scope in re.split('[ ,]', granted)",
            "Only spaces stand between",
        ),
        (
            "def has_scope(claims, scope):\n    granted = claims.get('scope') or ''\n"
            "    if isinstance(granted, list):\n        granted = ' '.join(granted)\n"
            "    return isinstance(granted, str) and scope in granted.split()",
            "A list is not what the standard has",
        ),
        (
            "def has_scope(claims, scope):\n    granted = claims.get('scope') or ''\n"
            "    return scope in (granted.split() if hasattr(granted, 'split') else granted)",
            "is not what the standard has",
        ),
        (
            "def has_scope(claims, scope):\n    granted = claims.get('scope', claims.get('scopes', ''))\n"
            "    return isinstance(granted, str) and scope in granted.split()",
            "The claim is called `scope`",
        ),
        (
            "def has_scope(claims, scope):\n    granted = claims.setdefault('scope', '')\n"
            "    return isinstance(granted, str) and scope in granted.split()",
            "changed the dict that it was given",
        ),
        (
            "def has_scope(claims, scope):\n    granted = claims.get('scope')\n"
            "    return isinstance(granted, str) and granted.split().count(scope)",
            "Expected: `True`",
        ),
        (
            "def has_scope(claims, scope):\n    granted = claims.get('scope')\n"
            "    if isinstance(granted, str):\n        return scope in granted.split()",
            "Expected: `False`",
        ),
        (
            "def has_scope(claims, scope):\n    granted = claims.get('scope')\n"
            "    return isinstance(granted, str) and set(scope.split()) <= set(granted.split())",
            "A scope is one word",
        ),
        ("async def has_scope(claims, scope):\n    return True", "is `async`"),
    ],
    "10.2": [
        (
            """
def requires_scope(scope):
    def decorate(view):
        @wraps(view)
        @jwt_required(verify_type=False)
        def guarded_view(*args, **kwargs):
            if scope in str(get_jwt().get("scope", "")).split():
                return view(*args, **kwargs)
            return {"message": "no"}, 403, {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
        return guarded_view
    return decorate
""",
            "Let `@jwt_required()` refuse it",
        ),
        (
            """
def requires_scope(scope):
    def decorate(view):
        @wraps(view)
        @jwt_required()
        def guarded_view(*args, **kwargs):
            if scope in str(get_jwt().get("scope", "")).split():
                return view()
            return {"message": "no"}, 403, {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
        return guarded_view
    return decorate
""",
            "`view(*args, **kwargs)`",
        ),
        (
            """
def requires_scope(scope):
    def decorate(view):
        @wraps(view)
        @jwt_required
        def guarded_view(*args, **kwargs):
            return view(*args, **kwargs)
        return guarded_view
    return decorate
""",
            "with its brackets",
        ),
        (_GUARD.format(body="return view(*args, **kwargs)"), "without any scope"),
        (_GUARD.format(body=_REFUSAL), "call the view and return its answer"),
        (
            _GUARD.format(
                body='return view(*args, **kwargs) if scope in get_jwt().get("scope", "") else refuse()'
            )
            + "def refuse():\n    return {'message': 'no'}, 403\n",
            "which is another scope",
        ),
        (
            _GUARD.format(
                body='if scope in get_jwt().get("scope", "").split(): return view(*args, **kwargs)\n'
                '            return {"message": "no"}, 403'
            ),
            "insufficient_scope",
        ),
        (
            _GUARD.format(
                body='if scope in get_jwt().get("scope", "").split(): return view(*args, **kwargs)\n'
                "            return '', 403, "
                "{'WWW-Authenticate': f'Bearer error=\"insufficient_scope\", scope=\"{scope}\"'}"
            ),
            "not JSON",
        ),
        (
            _GUARD.format(
                body='if scope in get_jwt().get("scope", "").split(): return view(*args, **kwargs)\n'
                "            return {'message': 'no'}, 401"
            ),
            "Expected: 403",
        ),
        (
            _GUARD.format(
                body='if scope in get_jwt().get("scope", "").split(): view(*args, **kwargs)\n'
                f"            {_REFUSAL}"
            ),
            "call the view and return its answer",
        ),
        (
            _GUARD.format(
                body='if scope in get_jwt()["scope"].split(): return view(*args, **kwargs)\n'
                f"            {_REFUSAL}"
            ),
            "KeyError",
        ),
        (
            _GUARD.replace("        @wraps(view)\n", "").format(
                body='if scope in get_jwt().get("scope", "").split(): return view(*args, **kwargs)\n'
                f"            {_REFUSAL}"
            ),
            "Both have one name",
        ),
        (
            _GUARD.replace("        @jwt_required()\n", "").format(
                body='if scope in get_jwt().get("scope", "").split(): return view(*args, **kwargs)\n'
                f"            {_REFUSAL}"
            ),
            "the guard went on to the scope",
        ),
        (
            _GUARD.replace("    return decorate\n", ""),
            "forget the `return`",
        ),
        (
            _GUARD.format(
                body="answer = view(*args, **kwargs)\n"
                '            if scope in get_jwt().get("scope", "").split(): return answer\n'
                f"            {_REFUSAL}"
            ),
            "What a view writes is written",
        ),
        (
            _GUARD.format(
                body='if scope in get_jwt().get("scope", "").split(): view(*args, **kwargs)\n'
                '            if scope in get_jwt().get("scope", "").split(): return view(*args, **kwargs)\n'
                f"            {_REFUSAL}"
            ),
            "Call it once",
        ),
        (
            _GUARD.replace("        @jwt_required()\n", "").format(
                body="from flask_jwt_extended import verify_jwt_in_request\n"
                "            answer = view(*args, **kwargs)\n            verify_jwt_in_request()\n"
                '            if scope in get_jwt().get("scope", "").split(): return answer\n'
                f"            {_REFUSAL}"
            ),
            "it comes first",
        ),
        (
            _GUARD.replace("@jwt_required()", "@jwt_required(verify_type=False)").format(
                body=_BODY
            ),
            "a refresh token",
        ),
        (
            _GUARD.replace("@jwt_required()", "@jwt_required(optional=True)").format(body=_BODY),
            "Without a token, the guarded view answered 403",
        ),
        (
            _GUARD.format(body=_BODY.replace('scope="{scope}"', 'scope="items:read"')),
            'scope="Items:Write"',
        ),
        (
            _GUARD.format(body=_BODY.replace("Bearer error", "Bearererror")),
            "stands a space",
        ),
        (
            _GUARD.format(body=_BODY.replace('", scope', '" scope')),
            "with commas between them",
        ),
        (
            _GUARD.format(body=_BODY.replace('"message"', '"msg"')),
            "under the name `message`",
        ),
        (
            _GUARD.format(
                body=_BODY.replace(".split()", ".lower().split()").replace(
                    "if scope", "if scope.lower()"
                )
            ),
            "with `ITEMS:READ`",
        ),
        (
            _GUARD.format(
                body='granted = get_jwt().get("scope", "")\n'
                "            granted = granted.split() if isinstance(granted, str) else granted or ()\n"
                "            if isinstance(granted, list) and scope in granted: return view(*args, **kwargs)\n"
                f"            {_BODY}"
            ),
            "Only a text has scopes",
        ),
        (
            _GUARD.format(body=_BODY.replace("return view(*args, **kwargs)", "return view()")),
            "an error of your code",
        ),
        (
            _GUARD.format(
                body=_BODY.replace(
                    "return view(*args, **kwargs)", "return {'answer': str(view(*args, **kwargs))}"
                )
            ),
            "the view's answer was lost",
        ),
        (
            _GUARD.format(
                body="try:\n                if scope in get_jwt()['scope'].split():\n"
                "                    return view(*args, **kwargs)\n            except Exception:\n                pass\n"
                f"            {_REFUSAL}"
            ),
            "A view that ends in 404",
        ),
        (
            _GUARD.replace("return guarded_view", "return guarded_view()").format(body=_BODY),
            "raised",
        ),
        (
            _GUARD.replace("def decorate(view):", "def decorate(view):\n        view(7)").format(
                body=_BODY
            ),
            "when it was decorated",
        ),
    ],
    "10.3": [
        (
            """
def add_delete_me(app, users):
    @app.delete("/me")
    @jwt_required(fresh=True)
    def delete_me():
        user = users.pop(int(get_jwt_identity()), None)
        if not user:
            return {"message": "gone"}, 404
        return "", 204
""",
            "ask `is None`",
        ),
        (
            _DELETE.format(
                fresh="", body="users.pop(int(get_jwt_identity()), None); return '', 204"
            ),
            "that is not fresh",
        ),
        (
            _DELETE.format(
                fresh="fresh=True", body="del users[get_jwt_identity()]; return '', 204"
            ),
            "KeyError",
        ),
        (
            _DELETE.format(
                fresh="fresh=True",
                body="return ('', 204) if users.pop(get_jwt_identity(), None) else ({'message': 'x'}, 404)",
            ),
            "the keys are numbers",
        ),
        (
            _DELETE.format(
                fresh="fresh=True", body="users.pop(int(get_jwt_identity()), None); return '', 204"
            ),
            "Expected: 404",
        ),
        (
            _DELETE.format(
                fresh="fresh=True", body="users.pop(int(get_jwt_identity()), None); return {}"
            ),
            "Expected: 204",
        ),
        (
            _DELETE.format(fresh="fresh=True", body="users.clear(); return '', 204"),
            "user 2 is gone",
        ),
        (
            _DELETE.replace("app.delete", "app.get").format(
                fresh="fresh=True", body="return '', 204"
            ),
            "does not answer to DELETE",
        ),
        (
            "def add_delete_me(app, users):\n    @app.delete('/me')\n    @jwt_required\n"
            "    def delete_me():\n        return '', 204",
            "without the brackets",
        ),
        ("def add_delete_me(app, users):\n    pass", "has no `DELETE /me`"),
        (
            "from flask_jwt_extended import verify_jwt_in_request\n"
            + _DELETE.replace("    @jwt_required({fresh})\n", "").format(
                body="from flask import request\n"
                "        token = request.headers.get('Authorization', '').partition(' ')[2]\n"
                "        if token: gone = users.pop(int(jwt.get_unverified_claims(token)['sub']), None)\n"
                "        verify_jwt_in_request(fresh=True)\n        return '', 204"
            ),
            "and now the users are",
        ),
        (
            _DELETE.format(
                fresh="",
                body="gone = users.pop(int(get_jwt_identity()), None)\n"
                "        if not get_jwt()['fresh']: return {'message': 'not fresh'}, 401\n        return '', 204",
            ),
            "and now the users are",
        ),
        (
            _DELETE.format(
                fresh="",
                body="if not get_jwt()['fresh']: return {'message': 'not fresh'}, 401\n        "
                + _POP,
            ),
            "that was fresh ten minutes ago",
        ),
        (
            _DELETE.format(
                fresh="",
                body="if get_jwt()['fresh'] is not True: return {'message': 'not fresh'}, 401\n        "
                + _POP,
            ),
            "fresh for five more minutes",
        ),
        (_DELETE.format(fresh="fresh=True, verify_type=False", body=_POP), "With a refresh token"),
        (
            _DELETE.format(
                fresh="fresh=True",
                body=_POP.replace(
                    "get_jwt_identity()",
                    "((__import__('flask').request.get_json(silent=True) or {}).get('id') or get_jwt_identity())",
                ),
            ),
            "names user 2 in its body",
        ),
        (
            _DELETE.format(fresh="fresh=True, optional=True", body=_POP),
            "No token was sent, and the view was called",
        ),
        (
            _DELETE.format(fresh="fresh=True", body=_POP.replace(", 404", ", 403")),
            "Expected: 404",
        ),
        (
            _DELETE.format(fresh="fresh=True", body=_POP.replace("'message'", "'msg'")),
            "under the name `message`",
        ),
        (
            _DELETE.format(fresh="fresh=True", body="users.popitem(); return '', 204"),
            "is still there",
        ),
        (
            _DELETE.format(
                fresh="fresh=True",
                body="users[int(get_jwt_identity())] = None; return '', 204",
            ),
            "is still there",
        ),
        (
            _DELETE.format(
                fresh="fresh=True",
                body="me = get_jwt_identity()\n"
                "        for key in [key for key in users if str(key).startswith(me)]: del users[key]\n"
                "        return '', 204",
            ),
            "now the users are",
        ),
        (
            _DELETE.format(
                fresh="fresh=True", body="del users[int(get_jwt_identity())]; return '', 204"
            ),
            "look before you take it",
        ),
    ],
}
