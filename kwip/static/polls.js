// Voting: a vote without a choice is an error at its poll, and nothing is sent.

document.addEventListener("click", (event) => {
  const poll = event.target.closest?.('button[formaction$="/vote"]')?.closest(".poll");
  if (!poll || poll.querySelector(":checked")) return;
  event.preventDefault();
  const choices = poll.querySelector(".poll-choices");
  const first = choices.querySelector("input");
  const id = `${first.id}-wrong`;
  const line = document.getElementById(id) ?? make("p", { id, className: "wrong", role: "alert" });
  choices.append(line);
  line.textContent = gettext("Choose an option.");
  first.setAttribute("aria-describedby", id);
  first.focus();
});

document.addEventListener("change", ({ target }) => {
  const choices = target.closest?.(".poll-choices");
  choices?.querySelector(".wrong")?.remove();
  choices?.querySelector("[aria-describedby]")?.removeAttribute("aria-describedby");
});
