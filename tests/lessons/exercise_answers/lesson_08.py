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
        """
def get_me(url, tokens):
    first = call("GET", f"{url}/me", tokens["access_token"])
    if first.status_code == 401:
        renewed = call("POST", f"{url}/refresh", tokens["refresh_token"])
        if renewed.status_code == 200 and (new := renewed.json().get("access_token")):
            tokens["access_token"] = new
            return call("GET", f"{url}/me", new)
    return first
""",
        """
def get_me(url, tokens, may_refresh=True):
    response = call("GET", url + "/me", tokens["access_token"])
    if response.status_code != 401 or not may_refresh:
        return response
    try:
        renewed = call("POST", url + "/refresh", tokens["refresh_token"])
        renewed.raise_for_status()
    except requests.HTTPError:
        return response
    tokens |= renewed.json()
    return get_me(url, tokens, may_refresh=False)
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
        "refresh_jti_of = lambda claims: claims.get('refresh_jti') or claims['jti']",
        """
def refresh_jti_of(claims):
    try:
        return claims["refresh_jti"]
    except KeyError:
        print("a login of its own")
        return claims["jti"]
""",
        """
def refresh_jti_of(claims):
    match claims:
        case {"refresh_jti": name} | {"jti": name}:
            return name
""",
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
        """
from flask import Response
def add_logout(app, block):
    @jwt_required(verify_type=False)
    def leave():
        claims = get_jwt()
        block(claims["refresh_jti"] if "refresh_jti" in claims else claims["jti"])
        return Response(status=204)
    app.add_url_rule("/logout", view_func=leave, methods=["POST"])
""",
        """
def add_logout(app, block):
    @app.post("/logout")
    @jwt_required(verify_type=False, fresh=False)
    def leave():
        block(name_of(get_jwt()))
        return ("", "204 NO CONTENT", {"Cache-Control": "no-store"})
def name_of(claims):
    return claims.get("refresh_jti", claims["jti"])
""",
    ],
    "8.4": [
        """
def prune(session, model, now):
    for row in session.query(model).filter(model.expires_at < now + 1):
        session.delete(row)
    session.commit()
""",
        """
def prune(session, model, now):
    with session.begin():
        done = session.execute(delete(model).where(~(model.expires_at > now)))
    return done.rowcount
""",
        """
from sqlalchemy import text
def prune(session, model, now):
    name = model.__tablename__
    session.execute(text(f"DELETE FROM {name} WHERE expires_at <= :now"), {"now": now})
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

_LOGOUT = """
from flask import request
def add_logout(app, block):
    @app.post("/logout")
    {guard}
    def logout():
        claims = get_jwt()
        {body}
        return "", 204
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
        (
            _REFRESHING.format(
                then='tokens["access_token"] = renewed.json().get("access_token")\n'
                "        if renewed.status_code != 200: return response\n"
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "look at the status of the answer before you put anything",
        ),
        (
            _REFRESHING.format(
                then="tokens.update(renewed.json())\n"
                "        if renewed.status_code != 200: return response\n"
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "look at the status of the answer before you put anything",
        ),
        (
            _REFRESHING.format(
                then='new = renewed.json().get("access_token")\n'
                "        if new is None: return response\n"
                '        tokens["access_token"] = new\n'
                '        return call("GET", url + "/me", new)'
            ),
            "look at its status first",
        ),
        (
            _REFRESHING.format(
                then="body = renewed.json() if renewed.text[:1] == '{' else {}\n"
                '        if not body.get("access_token"): return response\n'
                '        tokens["access_token"] = body["access_token"]\n'
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "/refresh answers 429",
        ),
        (
            _REFRESHING.replace('tokens["refresh_token"])', 'tokens["access_token"])').format(
                then="tokens.update(renewed.json())"
            ),
            "You sent the access token to /refresh",
        ),
        (
            _REFRESHING.format(
                then="if not renewed.ok: return response\n        used = tokens['access_token']\n"
                "        tokens.update(renewed.json())\n"
                '        return call("GET", url + "/me", used)'
            ),
            "you sent the old access token again",
        ),
        (
            _REFRESHING.format(
                then="if not renewed.ok: return response\n        tokens = tokens | renewed.json()\n"
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "is not in `tokens`",
        ),
        (
            "def get_me(url, tokens, state={'refreshed': False}):\n"
            "    response = call('GET', url + '/me', tokens['access_token'])\n"
            "    if response.status_code != 401 or state['refreshed']:\n        return response\n"
            "    new = call('POST', url + '/refresh', tokens['refresh_token'])\n"
            "    if new.ok:\n        state['refreshed'] = True\n        tokens.update(new.json())\n"
            "        response = call('GET', url + '/me', tokens['access_token'])\n"
            "    return response",
            "sent GET /me. Expected: GET /me, POST /refresh",
        ),
        (
            _REFRESHING.replace("== 401", "in (401, 403, 422)").format(
                then="if not renewed.ok: return response\n        tokens.update(renewed.json())\n"
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "refresh on 401 alone",
        ),
        (
            _REFRESHING.format(
                then="if not renewed.ok:\n            tokens.clear()\n            return response\n"
                "        tokens.update(renewed.json())\n"
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "is gone. It is still needed",
        ),
        (
            _REFRESHING.format(
                then="if not renewed.ok: return renewed\n        tokens.update(renewed.json())\n"
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "the 401 of /me is the answer",
        ),
        (
            _REFRESHING.format(
                then="if not renewed.ok: return None\n        tokens.update(renewed.json())\n"
                '        return call("GET", url + "/me", tokens["access_token"])'
            ),
            "Return the response itself",
        ),
        ("async def get_me(url, tokens):\n    return None", "is `async`"),
    ],
    "8.2": [
        (
            """
def refresh_jti_of(claims):
    if claims["type"] == "refresh":
        return claims["jti"]
    return claims.get("refresh_jti", claims["jti"])
""",
            "you need not ask for it",
        ),
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
        (
            "def refresh_jti_of(claims):\n    return claims.get('refresh_jti')",
            "A refresh token is what the login is called after",
        ),
        (
            "def refresh_jti_of(claims):\n    if 'refresh_jti' in claims:\n        return claims['refresh_jti']",
            "A refresh token is what the login is called after",
        ),
        (
            "def refresh_jti_of(claims):\n    claims.get('refresh_jti', claims['jti'])",
            "Did you forget the `return`?",
        ),
        (
            "def refresh_jti_of(claims):\n    return claims.pop('refresh_jti', claims['jti'])",
            "changed the dict that it was given",
        ),
        (
            "def refresh_jti_of(claims):\n    claims.setdefault('refresh_jti', claims['jti'])\n"
            "    return claims['refresh_jti']",
            "changed the dict that it was given",
        ),
        (
            "def refresh_jti_of(claims):\n    return claims.get('refresh_jti', claims['jti']).lower()",
            "letter by letter",
        ),
        (
            "def refresh_jti_of(claims):\n    return claims.get('refresh_jti', claims['jti']).split()[0]",
            "with spaces, too",
        ),
        (
            "def refresh_jti_of(claims):\n    return list(claims.values())[-1]",
            "Expected",
        ),
        (
            "def refresh_jti_of(claims):\n"
            "    return claims['jti'] if claims.get('type') == 'refresh' else claims.get('refresh_jti')",
            "it stands for itself",
        ),
        (
            "def refresh_jti_of(claims):\n"
            "    return claims['jti'] if claims['type'] == 'refresh' else claims.get('refresh_jti', claims['jti'])",
            "you need not ask for it",
        ),
        (
            "def refresh_jti_of(claims, seen={}):\n    seen.setdefault(claims['jti'], claims.get('refresh_jti', claims['jti']))\n"
            "    return seen[claims['jti']]",
            "Another login has another name",
        ),
        (
            "def refresh_jti_of(claims):\n    return {claims.get('refresh_jti', claims['jti'])}",
            "Expected",
        ),
    ],
    "8.3": [
        (
            """
def add_logout(app, block):
    @app.post("/logout")
    def logout():
        block(refresh_jti_of(get_jwt()))
        return "", 204
""",
            "between `@app.post(…)`",
        ),
        (
            """
def add_logout(app, block):
    @app.route("/logout", methods=["GET", "POST"])
    @jwt_required(verify_type=False)
    def logout():
        claims = get_jwt()
        block(claims.get("refresh_jti", claims["jti"]))
        return "", 204
""",
            "it logs out as well",
        ),
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
        (
            _LOGOUT.format(
                guard="@jwt_required(verify_type=False, optional=True)",
                body="block(claims.get('refresh_jti') or claims['jti'])",
            ),
            "with nothing else in the brackets",
        ),
        (
            _LOGOUT.format(
                guard="",
                body="claims = jwt.get_unverified_claims(request.headers.get('Authorization', ' ').split(' ')[1])\n"
                "        block(claims.get('refresh_jti', claims['jti']))",
            ).replace("claims = get_jwt()\n        ", ""),
            "No token was sent, and the view was called",
        ),
        (
            _LOGOUT.format(
                guard="",
                body="token = request.headers.get('Authorization', '').partition(' ')[2]\n"
                "        if not token: return {}, 401\n"
                "        claims = jwt.get_unverified_claims(token)\n"
                "        block(claims.get('refresh_jti', claims['jti']))",
            ).replace("claims = get_jwt()\n        ", ""),
            "A forged token logged somebody out",
        ),
        (
            _LOGOUT.format(
                guard="",
                body="from flask_jwt_extended import verify_jwt_in_request\n"
                "        token = request.headers.get('Authorization', '').partition(' ')[2]\n"
                "        if token.count('.') == 2:\n"
                "            claims = jwt.get_unverified_claims(token)\n"
                "            block(claims.get('refresh_jti', claims['jti']))\n"
                "        verify_jwt_in_request(verify_type=False)",
            ).replace("claims = get_jwt()\n        ", ""),
            "before anything else happens",
        ),
        (
            _LOGOUT.format(
                guard="@jwt_required(verify_type=False)",
                body="try:\n            block(claims.get('refresh_jti', claims['jti']))\n"
                "        except Exception:\n            pass",
            ),
            "`block` failed, nobody was logged out",
        ),
        (
            _LOGOUT.format(
                guard="@jwt_required(verify_type=False)",
                body="block(claims['jti'])\n        block(claims.get('refresh_jti', claims['jti']))",
            ),
            ", once",
        ),
        (
            _LOGOUT.format(
                guard="@jwt_required(verify_type=False)",
                body="block(claims.get('refresh_jti', claims['jti']).lower())",
            ),
            "Expected: `block('Login-",
        ),
        (
            _LOGOUT.format(guard="@jwt_required(verify_type=False)", body="block(claims)"),
            "Expected: `block(",
        ),
        (
            _LOGOUT.format(
                guard="@jwt_required(refresh=True)",
                body="block(claims.get('refresh_jti', claims['jti']))",
            ),
            "Let either type in",
        ),
        (
            _LOGOUT.format(
                guard="@jwt_required(verify_type=False)",
                body="block(claims.get('refresh_jti', claims['jti'])); return 204",
            ),
            "Return what Flask can send",
        ),
        ("def add_logout(app, block):\n    block('login-1')", "before anybody has logged out"),
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
        (
            "from sqlalchemy import text\ndef prune(session, model, now):\n"
            "    session.execute(text('DELETE FROM blocked_tokens WHERE expires_at <= :now'), {'now': now})\n"
            "    session.commit()",
            "Use the `model` that you are given",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(BlockedToken).where(BlockedToken.expires_at <= now))\n    session.commit()",
            "Use the `model` that you are given",
        ),
        (
            "import time\ndef prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at <= max(now, int(time.time()))))\n"
            "    session.commit()",
            "by the `now` that you are given",
        ),
        (
            "def prune(session, model, now, first=[]):\n    first.append(now)\n"
            "    session.execute(delete(model).where(model.expires_at <= first[0]))\n    session.commit()",
            "by the `now` that you are given",
        ),
        (
            "from sqlalchemy import update\ndef prune(session, model, now):\n"
            "    session.execute(update(model).where(model.expires_at <= now).values(expires_at=0))\n"
            "    session.commit()",
            "Only delete",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at <= now + 1))\n    session.commit()",
            "next second is gone",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at == now))\n    session.commit()",
            "is still there",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.execute(delete(model).where(model.expires_at.between(now - 60, now)))\n    session.commit()",
            "long ago is still there",
        ),
        (
            "def prune(session, model, now):\n"
            "    session.delete(session.query(model).filter(model.expires_at <= now).first())\n    session.commit()",
            "is still there",
        ),
        (
            "def prune(session, model, now):\n    session.commit()\n"
            "    session.execute(delete(model).where(model.expires_at <= now))",
            "then commit",
        ),
        (
            "def prune(session, model, now):\n"
            "    return delete(model).where(model.expires_at <= now)",
            "Send the statement",
        ),
    ],
}
