"""Answers to the exercises of lesson 08: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "8.1": [
        """
def get_me(url, tokens):
    for chance in (1, 2):
        headers = {"Authorization": "Bearer " + tokens["access_token"]}
        response = requests.get(url + "/me", headers=headers)
        if response.status_code != 401 or chance == 2:
            return response
        headers = {"Authorization": "Bearer " + tokens["refresh_token"]}
        new = requests.post(url + "/refresh", headers=headers)
        if not new.ok:
            return response
        tokens.update(new.json())
""",
    ],
    "8.2": [
        """
def refresh_jti_of(claims):
    if "refresh_jti" in claims:
        return str(claims["refresh_jti"])
    return str(claims["jti"])
""",
        "def refresh_jti_of(claims):\n    return claims.get('refresh_jti', claims['jti'])",
    ],
    "8.3": [
        """
def add_logout(app, block):
    @app.route("/logout", methods=["POST"])
    @jwt_required(verify_type=False)
    def anything():
        block(refresh_jti_of(get_jwt()))
        return {}, 204
    def refresh_jti_of(claims):
        return claims.get("refresh_jti") or claims["jti"]
""",
    ],
    "8.4": [
        """
def prune(session, model, now):
    for row in session.query(model).filter(model.expires_at < now + 1):
        session.delete(row)
    session.commit()
""",
    ],
}

_REFRESHING = """
def get_me(url, tokens):
    response = call("GET", url + "/me", tokens["access_token"])
    if response.status_code == 401:
        renewed = call("POST", url + "/refresh", tokens["refresh_token"])
        {then}
    return response
"""

WRONG = {
    "8.1": [
        (
            "def get_me(url, tokens):\n    return call('GET', url + '/me', tokens['access_token'])",
            "Expected: GET /me, POST /refresh, GET /me",
        ),
        (
            "def get_me(url, tokens):\n"
            "    tokens.update(call('POST', url + '/refresh', tokens['refresh_token']).json())\n"
            "    return call('GET', url + '/me', tokens['access_token'])",
            "The access token is good",
        ),
        (
            "def get_me(url, tokens):\n"
            "    response = call('GET', url + '/me', tokens['access_token'])\n"
            "    while response.status_code == 401:\n"
            "        new = call('POST', url + '/refresh', tokens['refresh_token'])\n"
            "        if not new.ok:\n            break\n"
            "        tokens.update(new.json())\n"
            "        response = call('GET', url + '/me', tokens['access_token'])\n"
            "        if len(tokens['access_token']) == 0: break\n"
            "        get_me.turns = getattr(get_me, 'turns', 0) + 1\n"
            "        if get_me.turns > 20: break\n"
            "    return response",
            "Refresh once, not for ever",
        ),
        (
            _REFRESHING.format(then='tokens["access_token"] = renewed.json()["access_token"]'),
            "Expected: GET /me, POST /refresh, GET /me",
        ),
        (
            _REFRESHING.format(
                then='return call("GET", url + "/me", renewed.json()["access_token"])'
            ),
            "is not in `tokens`",
        ),
        (
            _REFRESHING.format(
                then='tokens["access_token"] = renewed.json()["access_token"]; '
                'return call("GET", url + "/me", tokens["access_token"])'
            ),
            "look at its status first",
        ),
        (
            "def get_me(url, tokens):\n"
            "    response = call('GET', url + '/me', tokens['access_token'])\n"
            "    if not response.ok:\n"
            "        new = call('POST', url + '/refresh', tokens['refresh_token'])\n"
            "        if not new.ok:\n            return response\n"
            "        tokens.update(new.json())\n"
            "        response = call('GET', url + '/me', tokens['access_token'])\n"
            "    return response",
            "refresh on 401 alone",
        ),
        (
            "def get_me(url, tokens):\n"
            "    return call('GET', url + '/me', tokens['access_token']).json()",
            "Return the response itself",
        ),
        (
            "def get_me(url, tokens):\n"
            "    response = call('GET', url + '/me', tokens['access_token'])\n"
            "    if response.status_code != 401:\n        return response\n"
            "    new = call('POST', url + '/refresh', tokens['refresh_token'])\n"
            "    if not new.ok:\n        return new\n"
            "    tokens.update(new.json())\n"
            "    return call('GET', url + '/me', tokens['access_token'])",
            "the 401 of /me is the answer",
        ),
        (
            _REFRESHING.format(
                then="tokens.clear(); tokens.update(renewed.json()); "
                'return call("GET", url + "/me", tokens["access_token"])'
            ),
            "It is still needed",
        ),
    ],
    "8.2": [
        ("def refresh_jti_of(claims):\n    return claims['refresh_jti']", "use `claims.get(…)`"),
        ("def refresh_jti_of(claims):\n    return str(claims['jti'])", "makes new ones"),
        (
            "def refresh_jti_of(claims):\n"
            "    return claims['jti'] if claims['type'] == 'refresh' else claims['refresh_jti']",
            "use `claims.get(…)`",
        ),
        (
            "def refresh_jti_of(claims):\n    return str(claims.get('refresh_jti'))",
            "what the login is called after",
        ),
        (
            "def refresh_jti_of(claims):\n    print(claims.get('refresh_jti', claims['jti']))",
            "to print is not to return",
        ),
    ],
    "8.3": [
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n    @jwt_required()\n"
            "    def logout():\n        claims = get_jwt()\n"
            "        block(claims.get('refresh_jti', claims['jti']))\n        return '', 204",
            "Let either type in",
        ),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n"
            "    @jwt_required(verify_type=False)\n"
            "    def logout():\n        block(get_jwt()['jti'])\n        return '', 204",
            "The refresh token lives on",
        ),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n"
            "    @jwt_required(verify_type=False)\n    def logout():\n        claims = get_jwt()\n"
            "        block(claims.get('refresh_jti', claims['jti']))\n        return {'message': 'bye'}",
            "Expected: 204",
        ),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n"
            "    @jwt_required(verify_type=False)\n    def logout():\n        return '', 204",
            "no call of block",
        ),
        (
            "def add_logout(app, block):\n    @app.get('/logout')\n"
            "    @jwt_required(verify_type=False)\n    def logout():\n        return '', 204",
            "Use `@app.post(…)`",
        ),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n"
            "    def logout():\n        block(get_jwt()['jti'])\n        return '', 204",
            "The view is not guarded",
        ),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n    @jwt_required\n"
            "    def logout():\n        return '', 204",
            "without the brackets",
        ),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n"
            "    @jwt_required(verify_type=False)\n    def logout():\n"
            "        block(get_jwt()['refresh_jti'])\n        return '', 204",
            "KeyError",
        ),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n"
            "    @jwt_required(verify_type=False)\n    def logout():\n"
            "        block(...)\n        return '', 204",
            "Answer 8.2 first",
        ),
        ("def add_logout(app, block):\n    pass", "has no `POST /logout`"),
        (
            "def add_logout(app, block):\n    @app.post('/logout')\n"
            "    @jwt_required(verify_type=False, optional=True)\n    def logout():\n"
            "        claims = get_jwt()\n"
            "        block(claims.get('refresh_jti', claims.get('jti')))\n        return '', 204",
            "Without a token",
        ),
    ],
    "8.4": [
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at <= now))",
            "then commit",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at < now))\n    session.commit()",
            "use `<=`",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at >= now))\n    session.commit()",
            "valid again from now on",
        ),
        (
            "def prune(session, model, now):\n    session.execute(delete(model))\n    session.commit()",
            "delete only what has expired",
        ),
        (
            "import time\ndef prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at <= time.time()))\n"
            "    session.commit()",
            "Every row is still there",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(model).where('expires_at' <= now))\n    session.commit()",
            "Compare the column",
        ),
    ],
}
