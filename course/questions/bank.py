"""The questions at the start of the lessons, on what earlier lessons showed by experiment.

A lesson shows its two by ``{{ recall }}``, ``course recall`` asks them again. ``course build`` puts the text in.
"""

from course.questions.question import Choice, Question, Value

QUESTIONS = (
    Question(
        "R2.1",
        "The article's token, and no key. How many of its three parts can you decode?",
        Value(
            "3",
            "All three. Base64url is an alphabet and no lock: the signature decodes, too, to 32 bytes.",
            {
                "2": "You can decode the third one as well. It is base64url like the others; what comes out are bytes "
                "that mean nothing to you.",
                "1": "Not one of them is encrypted.",
                "0": "Not one of them is encrypted. The whole lesson went by without a key.",
            },
        ),
        "01",
        "Open it without a key",
    ),
    Question(
        "R2.2",
        "You swap the payload of a good token for one that says `admin`, and decode it as in lesson 01. "
        "What does the decoding say?",
        Choice(
            "C",
            "Decoding tells what a token says, never whether it is true. The signature no longer fits, and only "
            "whoever has the key can see that.",
            A=(
                "An error: the signature is wrong",
                "Nobody looked at the signature. Decoding does not.",
            ),
            B=(
                "An error: the padding is wrong",
                "The new payload was encoded as properly as the old one.",
            ),
            C=("Nothing: it shows `admin`", ""),
        ),
        "01",
        "Readable is not the same as unsafe",
    ),
    Question(
        "R3.1",
        "A payload contains `_`. You decode it with `b64decode`, which knows only `+` and `/`. What comes out?",
        Choice(
            "C",
            "`b64decode` skips what it does not know, and says nothing. So decode tokens with the urlsafe function.",
            A=(
                "An error",
                "That would be kind. Python skips every character that it does not know.",
            ),
            B=("The right bytes", "A character is missing, so all bits behind it have moved."),
            C=("Other bytes, and fewer", ""),
        ),
        "01",
        "The other base64",
    ),
    Question(
        "R3.2",
        "The article's token expired in 2022. You decode it as in lesson 01. What does the decoding say of that?",
        Choice(
            "A",
            "`exp` is a number in the payload. Whoever verifies a token has to compare it with the clock.",
            A=("Nothing", ""),
            B=(
                "An error: it has expired",
                "Decoding does not look at the clock. It went through in that lesson, too.",
            ),
            C=("An empty payload", "What is in a token stays in it, also when it has expired."),
        ),
        "01",
        "What the claims say",
    ),
    Question(
        "R4.1",
        "You change the **last** character of a token that is signed with HS256. Is it still accepted?",
        Choice(
            "B",
            "43 characters carry 258 bits, and a signature has 256. So four spellings of the last character "
            "say the same.",
            A=(
                "Never",
                "Two bits of the last character are not used. Changing only those changes nothing.",
            ),
            B=("Sometimes", ""),
            C=(
                "Always",
                "Only two bits of it are unused. With the other four you change the signature.",
            ),
        ),
        "02",
        "One signature, four spellings",
    ),
    Question(
        "R4.2",
        'A token is made by python-jose with `{"sub": 7}`. Where does that go wrong?',
        Choice(
            "B",
            "RFC 7519 wants a text. python-jose looks at it only when it decodes, so every login works and "
            "each request after it is refused.",
            A=("When it is made", "It is made without a word. That is the trap."),
            B=("When it is verified", ""),
            C=("Nowhere", "RFC 7519 §4.1.2 wants a text, and python-jose asks for it in the end."),
        ),
        "03",
        "The subject must be text",
    ),
    Question(
        "R5.1",
        "A server in New York writes `exp = datetime.now() + timedelta(minutes=30)` and hands it to python-jose. "
        "When does the token die?",
        Choice(
            "A",
            "`now()` is the local time and does not say of where. The library takes it for UTC, which is five "
            "hours ahead of New York.",
            A=("Hours before it is made", ""),
            B=(
                "After 30 minutes",
                "Only where the local time is UTC. Ask for it: `datetime.now(timezone.utc)`.",
            ),
            C=(
                "Hours too late",
                "That is what happens in Kolkata, which is ahead of UTC. New York is behind.",
            ),
        ),
        "04",
        "One line, three cities",
    ),
    Question(
        "R5.2",
        "Why could you sign an `admin` token that a server with the article's key accepts?",
        Choice(
            "A",
            "With one key for both sides, whoever can verify can sign. The key was printed, so everybody can.",
            A=("The key was printed in the article", ""),
            B=("HS256 is broken", "HS256 holds. Without the key you could not have done it."),
            C=(
                "The server did not verify",
                "It did, and by all that it can see, the token is its own.",
            ),
        ),
        "02",
        "Forge an admin",
    ),
    Question(
        "R6.1",
        "A token says `aud`: `shop`. The bank verifies it with python-jose and forgets to say `audience=`. What happens?",
        Choice(
            "B",
            "A token that says whom it is for is not for somebody who does not ask.",
            A=(
                "It is accepted",
                "That would be the unsafe way round. Look at the error: *Invalid audience*.",
            ),
            B=("It is refused", ""),
            C=("The claim is left out", "No claim is ever left out."),
        ),
        "03",
        "More claims, when you need them",
    ),
    Question(
        "R6.2",
        "The article's recipe for a key on Windows prints 38 or 39 digits. How many bits is it worth?",
        Value(
            "128",
            "It draws 128 bits. What counts is how many keys there could have been, not how long one looks.",
            {
                "256": "That is what the standard asks for, and twice of what the recipe draws.",
                "39": "Those are its digits. A digit is worth a little more than three bits.",
                "312": "Eight bits to a character is too kind: each character is one of ten digits.",
            },
        ),
        "03",
        "How good is a key?",
    ),
    Question(
        "R7.1",
        "A token is refused by `/me`. What must the 401 carry beside its message?",
        Choice(
            "B",
            "RFC 9110 asks for it: a 401 says by which scheme one may come back, here `Bearer`.",
            A=(
                "The header `Authorization`",
                "That one is the client's. The server answers with a challenge.",
            ),
            B=("The header `WWW-Authenticate`", ""),
            C=("Nothing more", "RFC 9110 §11.6.1 says that it must, and clients read it."),
        ),
        "06",
        "Guard a view",
    ),
    Question(
        "R7.2",
        "`create_access_token(identity=user.id)` with a number as id, with today's Flask-JWT-Extended. What does the user see?",
        Choice(
            "C",
            "The token is made. Whoever verifies it finds that a subject must be text, at every request after the login.",
            A=("The login fails", "The login works: whoever makes the token notices nothing."),
            B=("All is well", "The login is. Try the next request."),
            C=("The login works, `/me` refuses", ""),
        ),
        "06",
        "The same with an extension",
    ),
    Question(
        "R8.1",
        "In the first login of lesson 07 an unknown name was answered sooner than a wrong password. What closed the gap?",
        Choice(
            "A",
            "With a hash of nobody's password to verify, both paths cost one hash. The message was the same all along.",
            A=("One hash is verified on either path", ""),
            B=(
                "The same message for both",
                "The messages were the same from the start. The clock told them apart.",
            ),
            C=("A pause of random length", "Whoever asks often enough averages it away."),
        ),
        "07",
        "Who has an account here?",
    ),
    Question(
        "R8.2",
        '`jwt.decode(token, key, algorithms=["HS256"], audience="shop")` of python-jose gets a genuine token '
        "**without** `aud`. What happens?",
        Choice(
            "A",
            "python-jose compares the audience only where there is one. PyJWT refuses, and so does `verify_token`.",
            A=("It is accepted", ""),
            B=(
                "It is refused",
                "PyJWT does that. Look at the line *no audience* of the scoreboard.",
            ),
            C=("It crashes", "Crashes there were, but for other tokens."),
        ),
        "05",
        "Three judges",
    ),
    Question(
        "R9.1",
        "Ada logs out, and the server blocks the *text* of her access token. How do you get in with it all the same?",
        Choice(
            "A",
            "The same bytes have several spellings in base64url. That is why a blocklist names tokens by `jti`.",
            A=("Append `=`", ""),
            B=("Change the `jti`", "Then the signature breaks."),
            C=("Wait until it expires", "Then it is refused for that, too."),
        ),
        "08",
        "Log out, second try: a list of tokens",
    ),
    Question(
        "R9.2",
        "Two people register as `bob` at the same instant, and both *looked first*. Who stops the second one?",
        Choice(
            "B",
            "Between looking and writing there is time. Only the database, by its unique column, decides in one step.",
            A=("The `if` that looks first", "Both had looked before either had written."),
            B=("The unique column in the database", ""),
            C=("Nobody can", "The database does, if it was told that the column is unique."),
        ),
        "07",
        "Two at the same instant",
    ),
    Question(
        "R10.1",
        "Rotation with reuse detection. A thief used the stolen refresh token **before** Ada did. Then she refreshes. "
        "Who is still in?",
        Choice(
            "C",
            "Ada's token is a used one by now. The server cannot tell who is who, so it ends the family.",
            A=("Ada", "The server cannot tell that it is she. Her token was used before."),
            B=(
                "The thief",
                "So it was on the server that only refuses. This one ends the whole family.",
            ),
            C=("Nobody", ""),
        ),
        "09",
        "Use it once",
    ),
    Question(
        "R10.2",
        "The access token is blocked, and the refresh token is not. What can its holder do?",
        Choice(
            "C",
            "It makes new access tokens, for a month. So a logout has to end the login: every token that came from it.",
            A=(
                "Nothing: Ada is logged out",
                "The refresh token is a token of its own, and nobody blocked it.",
            ),
            B=(
                "Finish the page that is open",
                "The server keeps no pages. It looks at each token.",
            ),
            C=("Everything", ""),
        ),
        "08",
        "The other token",
    ),
    Question(
        "R11.1",
        "Ada loses the role *admin*, and her access token still says `admin`. The app that believes the token, what "
        "does it do?",
        Choice(
            "A",
            "What a token says stays true until it expires. Whoever needs it sooner asks the database.",
            A=("Lets her in until the token expires", ""),
            B=("Refuses her at once", "Only if it looks the role up. The token cannot know."),
            C=("Refuses the token as changed", "Nobody changed the token. The world changed."),
        ),
        "10",
        "The admin who was one",
    ),
    Question(
        "R11.2",
        "Two requests use one refresh token at the same instant. What makes exactly one of them win?",
        Choice(
            "B",
            "`UPDATE … WHERE refresh_jti = …` asks and writes in one step: for the second one no row is left.",
            A=("Look first, then write", "Both look, and then both write."),
            B=("One `UPDATE` with a condition", ""),
            C=("A lock in Python", "It holds in one process. A service has several."),
        ),
        "09",
        "Two at the same instant",
    ),
    Question(
        "R12.1",
        "A script of a stranger runs on your page. The token is in a cookie with `HttpOnly`. What can the script do?",
        Choice(
            "B",
            "`HttpOnly` keeps the token from being carried away, and not from being used: the browser adds the cookie.",
            A=(
                "Read the token and send it home",
                "That works with localStorage. `HttpOnly` hides the cookie from scripts.",
            ),
            B=("Transfer money in Ada's name", ""),
            C=("Nothing", "It is on your page, so its requests carry the cookie like your own."),
        ),
        "11",
        "A script that does not belong there",
    ),
    Question(
        "R12.2",
        "Somebody is logged in and lacks the scope that a view asks for. Which status code?",
        Value(
            "403",
            "RFC 6750 §3.1: `insufficient_scope`. Logging in again would not help, so it is not 401.",
            {
                "401": "A 401 asks for a login, and this person is logged in.",
                "404": "Some services hide a view that way. The standard's answer names the scope that is missing.",
                "400": "Nothing is wrong with the form of the request.",
            },
        ),
        "10",
        "Roles and scopes",
    ),
    Question(
        "R13.1",
        "Your cookie says `SameSite=Strict`. Whose form is still sent with it?",
        Choice(
            "C",
            "To a browser, a site is a name and a scheme, and not a port. So a neighbour on the next port is the same site.",
            A=("A form on any page", "That is `SameSite=None`."),
            B=(
                "Nobody's but your own",
                "You have seen one more get through, in the last line of that table.",
            ),
            C=("One of another program at the same host", ""),
        ),
        "11",
        "A page of another site",
    ),
    Question(
        "R13.2",
        "In which order does `verify_token` look?",
        Choice(
            "C",
            "What is cheap and needs no trust comes first. No claim is believed before the signature is verified.",
            A=(
                "Claims, signature, length",
                "Then it would believe claims that anybody may have written.",
            ),
            B=(
                "Signature, length, claims",
                "Then a token of a megabyte costs you a megabyte of hashing.",
            ),
            C=("Length, signature, claims", ""),
        ),
        "05",
        "The policy, in code",
    ),
    Question(
        "R14.1",
        "A service fetches keys with PyJWT's client and has `except jwt.InvalidTokenError` around it. "
        "Somebody sends a token with a made-up `kid`. What does he get?",
        Choice(
            "B",
            "`PyJWKClientError` is no `InvalidTokenError`. Anybody can send such a token, without any key.",
            A=(
                "401",
                "That is what he should get. The error of an unknown key is of another family.",
            ),
            B=("500", ""),
            C=("200", "Without a key, nothing is verified, and nothing is accepted."),
        ),
        "13",
        "The key nobody has",
    ),
    Question(
        "R14.2",
        "You change the key of an issuer. What comes right before it *signs* with the new one?",
        Choice(
            "A",
            "An API that has never heard of the new key refuses its tokens. So publish, wait for the caches, then sign.",
            A=("Wait until each API has fetched it", ""),
            B=("Retire the old one", "Then every token that is in use is refused."),
            C=("Wait until the old tokens expire", "That comes before the old key is retired."),
        ),
        "13",
        "Change the key, and nobody notices",
    ),
    Question(
        "R15.1",
        "A `kid` of an attacker names a file that your server has and everybody knows: the stylesheet. Which library "
        "refuses the token that he has signed with its content?",
        Choice(
            "C",
            "To a library, it is a key like any other. A `kid` is looked up among your keys, and is never a path.",
            A=(
                "PyJWT",
                "It got the bytes of a key and a signature that fits. It cannot know where they came from.",
            ),
            B=("All of them", "Each of them got a key from your code, and a signature that fits."),
            C=("None", ""),
        ),
        "14",
        "The key ID is a question",
    ),
    Question(
        "R15.2",
        "A set in the memory of the app has the tokens that were logged out. The server restarts. Who is logged out "
        "afterwards?",
        Choice(
            "B",
            "The set is gone with the process. And a service has several processes, each with a set of its own.",
            A=(
                "Everybody who was before",
                "The set lived in the memory of the process that has ended.",
            ),
            B=("Nobody", ""),
            C=("Everybody at all", "The tokens themselves are good: nobody keeps a list of those."),
        ),
        "08",
        "A list that is still there tomorrow",
    ),
    Question(
        "R16.1",
        "A service has four workers, and each keeps a `set()` of the tokens that were logged out. Somebody logs out. Of "
        "200 calls with that token, how many still get through?",
        Choice(
            "B",
            "One worker has heard of it, and three have not. Over a single connection nobody would have noticed.",
            A=("None", "That is what a tester sees, whose connection belongs to one worker."),
            B=("150", ""),
            C=("All 200", "The worker that has logged it out refuses it."),
        ),
        "15",
        "One service, four processes",
    ),
    Question(
        "R16.2",
        "Why is a list of algorithms in `decode` the first net against a public key used as a secret, and not the second?",
        Choice(
            "A",
            "The text inside a PEM, without its lines of dashes, is a secret like any other to every library.",
            A=("A library can only guess what a key looks like", ""),
            B=("It is faster", "It may be, and that is not the reason."),
            C=(
                "Without a list, nothing is verified",
                "With python-jose something is, by whatever the header says; PyJWT refuses a call without a list.",
            ),
        ),
        "14",
        "The header decides",
    ),
)
