// Copies the value of a field, of this page or of the one that a link leads to. Without this script, or if that fails,
// the field can still be selected by hand.
document.documentElement.classList.add("js");
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  const label = button.dataset.label ??= button.textContent;
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.focus(); // select() has moved it to the field
    button.textContent = button.dataset.copied;
  } catch {
    button.textContent = button.dataset.selected;
  }
  setTimeout(() => { button.textContent = label; }, 2500);
});
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-copy-from]");
  if (!link) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    await navigator.clipboard.writeText(page.getElementById(link.dataset.copyFrom).value);
    const label = link.dataset.label ??= link.textContent;
    link.textContent = link.dataset.copied;
    setTimeout(() => { link.textContent = label; }, 2500);
  } catch {
    location = link.href;
  }
});
