// Who answers: a model behind an API like OpenAI's, or a practice partner that needs none.

/** The partner that the environment asks for: a function from messages to the next one. */
export function partner(env) {
  return env.LLM_BASE_URL ? model(env.LLM_BASE_URL, env.LLM_MODEL, env.LLM_API_KEY) : practice;
}

async function practice(messages) {
  const said = messages.at(-1).content;
  const content = said.endsWith("?") ? "I am only here to practise with. What do you think?" : `You said: ${said}`;
  return { role: "assistant", content };
}

function model(baseUrl, name, key) {
  return async (messages) => {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: name, messages }),
    });
    if (!response.ok) throw new Error(`The model answered with status ${response.status}: ${await response.text()}`);
    const { role, content } = (await response.json()).choices[0].message;
    return { role, content };
  };
}
