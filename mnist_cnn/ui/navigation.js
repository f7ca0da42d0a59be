// On a phone the menu covers the page: it closes where a page of it is tapped.
const WIDEST_PHONE = 768; // pixels, as Streamlit has it
let listening = false;

export default function () {
  if (listening) return;
  listening = true;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('[data-testid="stSidebar"] a');
    if (!link || window.innerWidth > WIDEST_PHONE) return;
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  });
}
