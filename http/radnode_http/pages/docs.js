"use strict";

// Sends one form's request with the token of the page. The token stays in this page's memory alone.
function addressOf(form, values) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const [name, value] of values) {
    if (typeof value !== "string" || value === "") continue;
    const field = form.elements.namedItem(name);
    if (field.dataset.in === "path") {
      path = path.replace("{" + name + "}", value.split("/").map(encodeURIComponent).join("/"));
    } else if (field.dataset.in === "query") {
      query.append(name, value);
    }
  }
  return query.size ? path + "?" + query : path;
}

function bodyOf(form, values) {
  if (form.dataset.body === "form") {
    const body = new FormData();
    for (const file of values.getAll("file")) body.append("file", file);
    return { body };
  }
  if (form.dataset.body === "json" && values.get("body")) {
    return { body: values.get("body"), headers: { "Content-Type": "application/json" } };
  }
  return {};
}

function headersOf(form, values) {
  const given = {};
  for (const [name, value] of values) {
    const field = form.elements.namedItem(name);
    if (typeof value === "string" && value !== "" && field.dataset.in === "header") given[name] = value;
  }
  return given;
}

const TOLD = /^(etag|cache-control|content-range|location|retry-after|x-render-.*|x-deidentify-.*)$/;

// What is no text is saved, not shown.
async function save(output, response, kind) {
  const link = document.createElement("a");
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") || "");
  const content = await response.blob();
  link.href = URL.createObjectURL(content);
  link.download = named ? named[1] : "answer";
  link.textContent = "Save " + link.download + " (" + kind + ", " + content.size + " bytes)";
  output.append(link);
}

async function show(output, response) {
  output.textContent = response.status + " " + response.statusText + "\n";
  for (const [name, value] of response.headers) {
    if (TOLD.test(name)) output.append(name + ": " + value + "\n");
  }
  const kind = response.headers.get("Content-Type") || "";
  if (kind.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(await response.blob());
    picture.alt = "The picture that was answered";
    output.append(picture);
    return;
  }
  if (kind !== "" && !kind.startsWith("text/") && !kind.startsWith("application/json")) {
    await save(output, response, kind);
    return;
  }
  const text = await response.text();
  output.append(kind.startsWith("application/json") && text ? JSON.stringify(JSON.parse(text), null, 2) : text);
}

for (const form of document.querySelectorAll("form[data-path]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const output = form.querySelector("output");
    const values = new FormData(form);
    const request = bodyOf(form, values);
    const token = document.getElementById("token").value.trim();
    const headers = { ...headersOf(form, values), ...request.headers, ...(token ? { Authorization: "Bearer " + token } : {}) };
    try {
      const options = { method: form.dataset.method, headers, body: request.body };
      await show(output, await fetch(addressOf(form, values), options));
    } catch (error) {
      output.textContent = "No answer: " + error;
    }
  });
}

// A link to a schema opens it.
window.addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
});
