// Narrows a long list of boxes while somebody types; without this script the whole list is there.
document.documentElement.classList.add("js");
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").replace(/’/g, "'").toLowerCase().trim();
for (const input of document.querySelectorAll("[data-filter]")) {
  const list = document.getElementById(input.dataset.filter);
  const labels = [...list.querySelectorAll(".chip")];
  const more = list.querySelector("details");
  input.addEventListener("input", () => {
    const wanted = plain(input.value);
    for (const label of labels) {
      const found = label.dataset.foundBy ?? plain(label.textContent);
      // what is typed starts a word: "uk" finds the United Kingdom and Ukraine, not every name with these letters
      label.hidden = wanted !== "" && !` ${found}`.includes(` ${wanted}`);
    }
    if (more && wanted) more.open = true;
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
