// Keypoints over a photograph: drag one, click to hide or show it, drag a box to move its person.
// Gradio calls this text with element, props, trigger and watch. Keep it free of template marks.
const canvas = element.querySelector('canvas');
const context = canvas.getContext('2d');
const COLORS = { left: '#5aa0ff', right: '#ff9646', middle: '#ebebeb' };
const REACH = 14; // px of the screen within which a joint or a corner is grabbed
const CLICK = 4; // px of the screen below which a movement is a click
const photo = new Image();
let scene = null;
let grabbed = null;
let hovered = null;
let active = 0;

const side = (name) => (name.match(/^(left|right)_/) || [0, 'middle'])[1];
const shown = (person) => Object.values(person.joints).filter((joint) => joint[3]);
const unit = () => scene.width / Math.max(canvas.clientWidth, 1); // px of the photo per screen px

function box(person) {
  const points = shown(person).length ? shown(person) : Object.values(person.joints);
  const xs = points.map((joint) => joint[0]);
  const ys = points.map((joint) => joint[1]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const margin = 0.1 * Math.max(right - left, bottom - top) + 4 * unit();
  return [left - margin, top - margin, right + margin, bottom + margin];
}

function corners([left, top, right, bottom]) {
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

function place(event) {
  const frame = canvas.getBoundingClientRect();
  const factor = scene.width / frame.width;
  return [(event.clientX - frame.left) * factor, (event.clientY - frame.top) * factor];
}

function find(x, y) {
  const reach = REACH * unit();
  let best = null;
  scene.people.forEach((person, index) => {
    for (const [name, joint] of Object.entries(person.joints)) {
      const distance = Math.hypot(joint[0] - x, joint[1] - y) - (index === active ? 1e-3 : 0);
      if (distance < reach && (!best || distance < best.distance)) {
        best = { kind: 'joint', index, name, distance };
      }
    }
  });
  if (best) return best;
  for (let index = scene.people.length - 1; index >= 0; index -= 1) {
    const frame = box(scene.people[index]);
    const corner = corners(frame).findIndex(([cx, cy]) => Math.hypot(cx - x, cy - y) < reach);
    if (corner >= 0) return { kind: 'corner', index, anchor: corners(frame)[(corner + 2) % 4] };
    const [left, top, right, bottom] = frame;
    if (x > left && x < right && y > top && y < bottom) return { kind: 'body', index };
  }
  return null;
}

function drawPerson(person, index) {
  const scale = unit();
  const bones = scene.sets[person.set];
  context.globalAlpha = index === active ? 1 : 0.55;
  const frame = box(person);
  context.lineWidth = 1.5 * scale;
  context.strokeStyle = '#ffdc00';
  context.strokeRect(frame[0], frame[1], frame[2] - frame[0], frame[3] - frame[1]);
  if (index === active) {
    context.fillStyle = '#ffdc00';
    for (const [x, y] of corners(frame)) {
      context.fillRect(x - 4 * scale, y - 4 * scale, 8 * scale, 8 * scale);
    }
  }
  context.lineWidth = 3 * scale;
  for (const [start, end] of bones) {
    const [from, to] = [person.joints[start], person.joints[end]];
    if (!from || !to || !from[3] || !to[3]) continue;
    const sides = new Set([side(start), side(end)].filter((each) => each !== 'middle'));
    context.strokeStyle = COLORS[sides.size === 1 ? [...sides][0] : 'middle'];
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(to[0], to[1]);
    context.stroke();
  }
  for (const [name, joint] of Object.entries(person.joints)) {
    context.beginPath();
    context.arc(joint[0], joint[1], 5 * scale, 0, 2 * Math.PI);
    context.lineWidth = (joint[3] ? 1.5 : 2) * scale;
    context.strokeStyle = joint[3] ? '#202020' : COLORS[side(name)];
    context.setLineDash(joint[3] ? [] : [3 * scale, 3 * scale]);
    const color = 'hsl(' + 130 * Math.min(joint[2], 1) + ', 85%, 55%)';
    context.fillStyle = joint[3] ? color : 'rgba(255, 255, 255, 0.4)';
    context.fill();
    context.stroke();
    context.setLineDash([]);
  }
  context.globalAlpha = 1;
}

function drawName(found) {
  const joint = scene.people[found.index].joints[found.name];
  const scale = unit();
  const text = found.name.replaceAll('_', ' ') + (joint[3] ? '' : ' (hidden)');
  context.font = 14 * scale + 'px sans-serif';
  const width = context.measureText(text).width + 12 * scale;
  const left = Math.min(joint[0] + 10 * scale, scene.width - width);
  const top = Math.max(joint[1] - 30 * scale, 0);
  context.fillStyle = 'rgba(20, 20, 20, 0.85)';
  context.fillRect(left, top, width, 22 * scale);
  context.fillStyle = '#ffffff';
  context.fillText(text, left + 6 * scale, top + 16 * scale);
}

function draw() {
  if (!scene) return;
  const pixels = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
  canvas.width = Math.max(pixels, 1);
  canvas.height = Math.max(Math.round((pixels * scene.height) / scene.width), 1);
  const factor = canvas.width / scene.width;
  context.setTransform(factor, 0, 0, factor, 0, 0);
  context.drawImage(photo, 0, 0, scene.width, scene.height);
  // The centre of the first pixel is at 0.
  context.translate(0.5, 0.5);
  scene.people.forEach(drawPerson);
  if (hovered && hovered.kind === 'joint') drawName(hovered);
}

function load() {
  scene = props.value ? JSON.parse(props.value) : null;
  element.querySelector('.editor').classList.toggle('empty', !scene);
  grabbed = hovered = null;
  active = 0;
  if (!scene) return;
  canvas.style.aspectRatio = scene.width + ' / ' + scene.height;
  photo.onload = draw;
  photo.src = scene.image;
}

function send() {
  trigger('edited', { people: scene.people });
}

function move(x, y) {
  const person = scene.people[grabbed.index];
  if (grabbed.kind === 'joint') {
    const joint = person.joints[grabbed.name];
    joint[0] = Math.min(Math.max(x, 0), scene.width - 1);
    joint[1] = Math.min(Math.max(y, 0), scene.height - 1);
    joint[3] = true;
    return;
  }
  const [px, py] = grabbed.from;
  for (const [name, joint] of Object.entries(person.joints)) {
    const [ox, oy] = grabbed.before[name];
    if (grabbed.kind === 'body') {
      [joint[0], joint[1]] = [ox + x - px, oy + y - py];
    } else {
      const [ax, ay] = grabbed.anchor;
      const factor = Math.max(Math.hypot(x - ax, y - ay) / Math.hypot(px - ax, py - ay), 0.05);
      [joint[0], joint[1]] = [ax + factor * (ox - ax), ay + factor * (oy - ay)];
    }
  }
}

canvas.addEventListener('pointerdown', (event) => {
  if (!scene) return;
  const [x, y] = place(event);
  grabbed = find(x, y);
  if (!grabbed) return;
  active = grabbed.index;
  const joints = Object.entries(scene.people[active].joints);
  grabbed.before = Object.fromEntries(joints.map(([name, joint]) => [name, joint.slice()]));
  grabbed.from = [x, y];
  grabbed.moved = false;
  canvas.setPointerCapture(event.pointerId);
  event.preventDefault();
  draw();
});

canvas.addEventListener('pointermove', (event) => {
  if (!scene) return;
  const [x, y] = place(event);
  if (grabbed) {
    const [px, py] = grabbed.from;
    grabbed.moved = grabbed.moved || Math.hypot(x - px, y - py) > CLICK * unit();
    if (grabbed.moved) move(x, y);
  } else {
    hovered = find(x, y);
    canvas.style.cursor = hovered ? (hovered.kind === 'joint' ? 'pointer' : 'move') : 'default';
  }
  draw();
});

canvas.addEventListener('pointerup', () => {
  if (!grabbed) return;
  const { kind, index, name, moved } = grabbed;
  grabbed = null;
  if (kind === 'joint' && !moved) {
    const joint = scene.people[index].joints[name];
    joint[3] = !joint[3];
  }
  draw();
  if (moved || kind === 'joint') send();
});

canvas.addEventListener('pointerleave', () => {
  hovered = null;
  draw();
});

element.querySelector('.add').addEventListener('click', () => {
  if (!scene) return;
  const person = structuredClone(scene.newcomer);
  person.id = 1 + Math.max(0, ...scene.people.map((each) => each.id));
  active = scene.people.push(person) - 1;
  draw();
  send();
});

element.querySelector('.remove').addEventListener('click', () => {
  if (!scene || !scene.people.length) return;
  scene.people.splice(active, 1);
  active = 0;
  draw();
  send();
});

// Where a joint is on the screen, for scripts that drive the page.
element.querySelector('.editor').locate = (index, name) => {
  const frame = canvas.getBoundingClientRect();
  const joint = scene.people[index].joints[name];
  const factor = frame.width / scene.width;
  return [frame.left + joint[0] * factor, frame.top + joint[1] * factor, joint[3]];
};

new ResizeObserver(draw).observe(canvas);
watch('value', load);
load();
