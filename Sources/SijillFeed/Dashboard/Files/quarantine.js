// Trying a rejected file again. It changes the inbox, so where tokens are needed it asks for one of scope admin, sends
// it as a header, and keeps it only in the memory of this page.

import { words } from "/assets/page.js";

let token = null;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.retry");
  if (button) retry(button);
});

async function retry(button) {
  const dialog = document.getElementById("admin");
  if (dialog.dataset.needed === "yes" && !token) {
    token = await ask(dialog);
    if (!token) return;
  }
  const line = button.closest("li");
  const outcome = line.querySelector(".outcome");
  const say = words(document.getElementById("rejected"));
  button.disabled = true;
  line.dataset.busy = "";
  outcome.className = "outcome";
  const path = button.dataset.item.split("/").map(encodeURIComponent).join("/");
  try {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(`/v1/quarantine/${path}/retry`, { method: "POST", headers });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.detail), { status: answer.status });
    outcome.classList.add("good");
    outcome.textContent = `${say.retried} ${said.inbox.join(", ")}`;
    // It stays to be read, and goes when the page is next brought up to date.
    setTimeout(() => delete line.dataset.busy, 6_000);
  } catch (error) {
    if (error.status === 401 || error.status === 403) token = null;
    outcome.classList.add("bad");
    outcome.textContent = `${say.failed}: ${error.message}`;
    button.disabled = false;
    delete line.dataset.busy;
  }
}

/** The token that someone gives; null when they do not. */
function ask(dialog) {
  const field = document.getElementById("admin-token");
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const given = dialog.returnValue === "go" ? field.value.trim() : "";
        field.value = "";
        resolve(given || null);
      },
      { once: true });
  });
}
