// Narrows a long list of boxes while somebody types; without this script the whole list is there.
document.documentElement.classList.add("js");
for (const input of document.querySelectorAll("[data-filter]")) {
  const list = document.getElementById(input.dataset.filter);
  const labels = [...list.querySelectorAll(".chip")];
  const more = list.querySelector("details");
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    for (const label of labels) {
      label.hidden = !label.textContent.toLocaleLowerCase().includes(wanted);
    }
    if (more && wanted) more.open = true;
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
