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

WRONG = {
    "10.1": [
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
    ],
    "10.2": [
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
            "not guarded",
        ),
        (
            _GUARD.replace("    return decorate\n", ""),
            "forget the `return`",
        ),
    ],
    "10.3": [
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
    ],
}
