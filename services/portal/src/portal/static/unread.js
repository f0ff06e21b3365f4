// Keeps the number of unread items beside "Hộp tin" while the page is looked at.
const place = document.querySelector("[data-unread]");
const EVERY = 20000;
const look = async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(place.dataset.unread, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const { unread } = await answer.json();
    const text = unread ? ` (${unread} ${place.dataset.word})` : "";
    if (place.textContent !== text) place.textContent = text;
  } catch {
    // Without a network the last number stays; the next look tells again.
  }
};
document.addEventListener("visibilitychange", look);
setInterval(look, EVERY);
look();
