// Videos rest out of sight. A silent loop plays by itself in sight, unless its reader wants
// less motion or has stopped it.

const wantsStill = matchMedia("(prefers-reduced-motion: reduce)");
// Loops that a reader stopped.
const stopped = new WeakSet();
const inSight = new WeakSet();

const isLoop = (video) => video.loop && video.defaultMuted;

const sights = new IntersectionObserver(
  (seen) => {
    for (const { target: video, isIntersecting } of seen) {
      if (!isIntersecting) {
        inSight.delete(video);
        video.pause();
      } else {
        inSight.add(video);
        // A browser may refuse, and its controls are there.
        if (isLoop(video) && !wantsStill.matches && !stopped.has(video)) video.play().catch(() => {});
      }
    }
  },
  { threshold: 0.25 },
);

function watchVideos() {
  for (const video of all(".media video:not([data-watched])")) {
    video.dataset.watched = "";
    video.addEventListener("pause", () => inSight.has(video) && stopped.add(video));
    video.addEventListener("play", () => stopped.delete(video));
    sights.observe(video);
  }
}

watchVideos();
document.addEventListener("kwip:added", watchVideos);
