const form = document.querySelector("form");
const list = document.querySelector("ul");
const alert = document.querySelector("[role=alert]");

async function call(method, body) {
  const response = await fetch("api/notes", { method, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function attempt(deed) {
  try {
    await deed();
    alert.hidden = true;
  } catch (error) {
    alert.textContent = `That did not work: ${error.message}`;
    alert.hidden = false;
  }
}

async function show() {
  const notes = await call("GET");
  list.replaceChildren(...notes.map(({ text }) => Object.assign(document.createElement("li"), { textContent: text })));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await call("POST", { text: form.text.value });
    form.reset();
    await show();
  });
});

attempt(show);
