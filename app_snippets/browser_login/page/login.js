// The login page. It never sees a token: the browser keeps them in cookies that no script can read.

const element = (id) => document.getElementById(id);

function cookie(name) {
  const pair = document.cookie.split("; ").find((each) => each.startsWith(name + "="));
  return pair ? pair.slice(name.length + 1) : "";
}

// Every request that changes something shows the CSRF token, which another site cannot read.
async function send(method, path, body) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (method === "POST") {
    headers["X-CSRF-TOKEN"] = cookie(path === "refresh" ? "__Host-csrf-refresh" : "__Host-csrf-access");
  }
  try {
    return await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Error("The server does not answer. Try again.");
  }
}

async function messageOf(answer) {
  try {
    return (await answer.json()).message;
  } catch {
    return `The server answers ${answer.status}. Try again.`;
  }
}

// All tabs of this page refresh one at a time: a refresh token works once.
function refresh(usedAtTheTime) {
  return navigator.locks.request("refresh", async () => {
    if (cookie("__Host-csrf-refresh") !== usedAtTheTime) return true;  // another tab was first
    return (await send("POST", "refresh")).ok;
  });
}

async function call(method, path) {
  const used = cookie("__Host-csrf-refresh");
  const answer = await send(method, path);
  if (answer.status !== 401 || !used || !(await refresh(used))) return answer;
  return send(method, path);
}

function show(id) {
  element("login").hidden = id !== null;
  element("account").hidden = id === null;
  element("user-id").textContent = id ?? "";
  document.title = id === null ? "Log in" : "You are logged in";
}

function refuse(message) {
  element("refusal").textContent = message;
  element("refusal").hidden = message === "";
}

element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  refuse("");
  const form = event.target;
  const credentials = { username: form.username.value, password: form.password.value };
  const buttons = form.querySelectorAll("button");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    let said;
    for (const path of event.submitter?.value === "register" ? ["register", "login"] : ["login"]) {
      const answer = await send("POST", path, credentials);
      if (!answer.ok) throw new Error(await messageOf(answer));
      said = await answer.json();
    }
    if (!cookie("__Host-csrf-access")) {
      throw new Error("Your browser kept no cookies. Open this page by https, or at http://localhost.");
    }
    form.password.value = "";
    element("status").textContent = "";
    show(said.id);
    element("account").querySelector("h1").focus();
  } catch (error) {
    refuse(error.message);
    form.password.focus();
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
});

for (const button of document.querySelectorAll("[data-post]")) {
  button.addEventListener("click", async () => {
    try {
      const answer = await call("POST", button.dataset.post);
      // 401: this login was over already, or another page of this host has overwritten a cookie. Who is logged in now?
      if (answer.status === 401) await askWhoIsLoggedIn();
      else if (answer.ok) show(null);
      if (!element("account").hidden) throw new Error(await messageOf(answer));
      element("status").textContent = "You are logged out.";
      element("username").focus();
    } catch (error) {
      element("status").textContent = `You are still logged in. ${error.message}`;
    }
  });
}

async function askWhoIsLoggedIn() {
  const answer = await call("GET", "me");
  if (!answer.ok && answer.status !== 401) throw new Error(await messageOf(answer));
  show(answer.ok ? (await answer.json()).id : null);
}

async function begin() {
  try {
    await askWhoIsLoggedIn();
  } catch (error) {
    show(null);
    refuse(error.message);
  }
}

// Also when somebody comes back to the page: the browser may have kept it as it was.
window.addEventListener("pageshow", begin);
