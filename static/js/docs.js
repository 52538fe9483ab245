// The page that browses the API's description.

const place = document.getElementById("api");
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

follow();
dark.addEventListener("change", follow);

// What Swagger UI draws, as screen readers expect it: headings that follow the title, landmarks, a menu with a name.
const MENDED = [
  ["h3.opblock-tag, .models h4", "aria-level", "2"],
  [".information-container", "role", "banner"],
  [".schemes-server-container", "role", "region"],
  [".schemes-server-container", "aria-label", "Server and credentials"],
  ["#servers", "aria-label", "Server"],
];
const mend = () => {
  for (const [selector, name, value] of MENDED) {
    for (const element of place.querySelectorAll(selector)) element.setAttribute(name, value);
  }
};
new MutationObserver(mend).observe(place, { childList: true, subtree: true });

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.description,
  // Links would stand inside of buttons, where a keyboard meets them twice.
  deepLinking: false,
  displayRequestDuration: true,
  docExpansion: "list",
  persistAuthorization: false,
  validatorUrl: null,
});
