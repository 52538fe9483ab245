// Filters beside a search that is swapped as one types: their addresses carry the words ([data-carries="id of the field"]).

document.addEventListener("htmx:pushedIntoHistory", () => {
  for (const group of document.querySelectorAll("[data-carries]")) {
    const field = document.getElementById(group.dataset.carries);
    for (const link of group.querySelectorAll("a[href]")) {
      const address = new URL(link.href);
      address.searchParams.set(field.name, field.value.trim());
      if (!field.value.trim()) {
        address.searchParams.delete(field.name);
      }
      link.href = address.pathname + address.search;
    }
  }
});
