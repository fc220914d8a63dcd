// The page: opening the timelines, the theme, and what the buttons lead to. Runs after numbers.js and timeline.js.

const timelines = [];

const repaint = () => {
  colors.clear();
  timelines.forEach(timeline => timeline.draw());
};

const listenToPage = () => {
  const button = find("#theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    repaint();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  let width = window.innerWidth, pending = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(pending);
    pending = setTimeout(() => timelines.forEach(timeline => timeline.draw()), 120);
  });
  // What is folded away on the screen is printed all the same.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    opened.forEach(details => { details.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach(details => { details.open = false; }));
  for (const link of all("[data-finding]")) {
    link.addEventListener("click", () => {
      const number = Number(link.dataset.finding);
      for (const timeline of timelines) {
        const mark = timeline.group.marks.find(item => item.n === number);
        if (!mark) continue;
        const room = Math.max(10, (mark.e - mark.s) * 0.5);
        timeline.moment = mark.s;
        timeline.show(mark.s - room, Math.min(mark.e, mark.s + 120) + room);
        timeline.element.scrollIntoView();
        return;
      }
    });
  }
};

const start = async () => {
  listenToPage();
  if (!find("#timeline-data")) return;
  try {
    const [description] = await Promise.all([read(), loadPlotly()]);
    for (const element of all(".timeline")) {
      const timeline = new Timeline(element, description.groups.find(group => group.id === element.dataset.group));
      await timeline.drawFirst();
      timelines.push(timeline);
    }
    root.dataset.ready = "yes";
  } catch (error) {
    // An old browser still shows the still pictures.
    root.classList.add("plain");
    throw error;
  }
};
start();
