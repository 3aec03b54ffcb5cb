// Says at once that a chosen file is too large; without this script the answer to the form says it.
document.documentElement.classList.add("js");
for (const input of document.querySelectorAll("[data-most-bytes]")) {
  const said = document.getElementById(`${input.id}-large`);
  input.addEventListener("change", () => {
    const most = Number(input.dataset.mostBytes);
    const large = [...input.files].filter((file) => file.size > most).map((file) => `“${file.name}”`);
    said.hidden = large.length === 0;
    said.textContent = large.length
      ? `${large.join(", ")} has more than ${Math.round(most / 1024 / 1024)} MB. Choose a smaller one, or a part of it.`
      : "";
  });
}
