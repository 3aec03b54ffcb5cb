// Narrows a long list of boxes while somebody types, and ticks all of one; without this script the whole list is there.
document.documentElement.classList.add("js");
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").replace(/’/g, "'").toLowerCase().trim();
for (const input of document.querySelectorAll("[data-filter]")) {
  const list = document.getElementById(input.dataset.filter);
  const labels = [...list.querySelectorAll(".chip, .pick")];
  input.addEventListener("input", () => {
    const wanted = plain(input.value);
    for (const label of labels) {
      const found = label.dataset.foundBy ?? plain(label.textContent);
      // what is typed starts a word: "uk" finds the United Kingdom and Ukraine, not every name with these letters
      label.hidden = wanted !== "" && !` ${found}`.includes(` ${wanted}`);
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
for (const button of document.querySelectorAll("[data-tick]")) {
  const boxes = () =>
    [...document.getElementById(button.dataset.tick).querySelectorAll("[type=checkbox]")].filter(
      (box) => !box.closest("[hidden]"),
    );
  const say = () => {
    button.textContent = boxes().some((box) => box.checked) ? button.dataset.none : button.dataset.all;
  };
  button.addEventListener("click", () => {
    const tick = !boxes().some((box) => box.checked);
    for (const box of boxes()) box.checked = tick;
    say();
  });
  document.getElementById(button.dataset.tick).addEventListener("change", say);
  say();
}
