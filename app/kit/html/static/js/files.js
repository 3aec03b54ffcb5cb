// Says at once that a chosen file is too large; without this script the answer to the form says it.
document.documentElement.classList.add("js");
for (const input of document.querySelectorAll("[data-most-bytes]")) {
  const said = document.getElementById(`${input.id}-large`);
  input.addEventListener("change", () => {
    const most = Number(input.dataset.mostBytes);
    const large = [...input.files].filter((file) => file.size > most);
    said.hidden = large.length === 0;
    said.replaceChildren(...large.map((file) => {
      const line = document.createElement("span");
      line.textContent = input.dataset.tooLarge.replace("{file}", () => file.name);
      return line;
    }));
  });
}
