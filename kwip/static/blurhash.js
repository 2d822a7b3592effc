// A blurred picture in place of one that is still loading: BlurHash is a few cosines,
// written in 83 signs. See https://blurha.sh.

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
// So blurred that more pixels show nothing more.
const BLUR_PX = 16;

const numberOf = (signs) => [...signs].reduce((sum, sign) => sum * 83 + SIGNS.indexOf(sign), 0);

function fromByte(value) {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function toByte(value) {
  const part = Math.min(1, Math.max(0, value));
  return 255 * (part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055);
}

// The colours of all components, each as [red, green, blue]; the first is the average.
function componentsOf(hash, count) {
  const largest = (numberOf(hash[1]) + 1) / 166;
  const signed = (part) => Math.sign(part - 9) * ((part - 9) / 9) ** 2 * largest;
  const average = numberOf(hash.slice(2, 6));
  const colours = [[average >> 16, (average >> 8) & 255, average & 255].map(fromByte)];
  for (let index = 1; index < count; index += 1) {
    const value = numberOf(hash.slice(4 + index * 2, 6 + index * 2));
    colours.push([Math.floor(value / 361), Math.floor(value / 19) % 19, value % 19].map(signed));
  }
  return colours;
}

// The pixels of a square, as a canvas takes them.
function pixelsOf(hash) {
  const size = numberOf(hash[0]);
  const [columns, rows] = [(size % 9) + 1, Math.floor(size / 9) + 1];
  const colours = componentsOf(hash, columns * rows);
  const pixels = new ImageData(BLUR_PX, BLUR_PX);
  const waves = Array.from({ length: BLUR_PX }, (_, place) =>
    Array.from({ length: 9 }, (__, n) => Math.cos((Math.PI * place * n) / BLUR_PX)),
  );
  for (let at = 0; at < BLUR_PX ** 2; at += 1) {
    const [across, down] = [waves[at % BLUR_PX], waves[Math.floor(at / BLUR_PX)]];
    const sum = [0, 0, 0];
    colours.forEach((colour, index) => {
      const weight = across[index % columns] * down[Math.floor(index / columns)];
      for (const each of [0, 1, 2]) sum[each] += colour[each] * weight;
    });
    pixels.data.set([...sum.map(toByte), 255], at * 4);
  }
  return pixels;
}

// Put the blur behind a picture until it has loaded.
function blur(image) {
  const { blurhash } = image.dataset;
  delete image.dataset.blurhash;
  if (image.complete) return;
  const canvas = make("canvas", { className: "blur", width: BLUR_PX, height: BLUR_PX });
  canvas.setAttribute("aria-hidden", "true");
  canvas.getContext("2d").putImageData(pixelsOf(blurhash), 0, 0);
  image.before(canvas);
  const end = () => canvas.remove();
  image.addEventListener("load", end);
  // Its description is shown instead.
  image.addEventListener("error", end);
}

const blurAll = () => all("img[data-blurhash]").forEach(blur);

blurAll();
document.addEventListener("kwip:added", blurAll);
