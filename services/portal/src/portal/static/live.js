// Keeps the states of a page as the hub tells them: one event holds the parts that have changed.
const said = document.querySelector("[data-live]");
const source = new EventSource(said.dataset.live);
const say = (text) => {
  if (said.textContent !== text) said.textContent = text;
};
source.onopen = () => say(said.dataset.on);
source.onerror = () => say(said.dataset.off);
source.onmessage = (event) => {
  for (const [id, html] of Object.entries(JSON.parse(event.data))) {
    const place = document.getElementById(id);
    if (place) place.innerHTML = html;
  }
};
