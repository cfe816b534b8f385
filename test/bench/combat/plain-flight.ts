/** Trajectories as one would write them in TypeScript: the closed form, and Runge and Kutta's method with G7 drag. */

const G = 9.80665;

/** Range, time, apex, speed and angle of impact; low and high angle of a target. @returns the range */
export const plainVacuum = (v: number, angle: number, h: number, d: number, out: Float64Array): number => {
  const up = v * Math.sin(angle);
  const along = v * Math.cos(angle);
  const root = Math.sqrt(up * up + 2 * G * h);
  const time = (up + root) / G;
  const square = v * v;
  const high = square + Math.sqrt(square * square - G * (G * d * d - 2 * h * square));
  out[0] = along * time;
  out[1] = time;
  out[2] = h + (up * up) / (2 * G);
  out[3] = Math.sqrt(square + 2 * G * h);
  out[4] = Math.atan2(root, along);
  out[5] = Math.atan2(G * d * d - 2 * h * square, d * high);
  out[6] = Math.atan2(high, G * d);
  return out[0];
};

/** Mach number and coefficient of G7 up to Mach 2.5; between them straight lines. */
const G7 = [
  [0, 0.1198],
  [0.5, 0.1194],
  [0.7, 0.1202],
  [0.8, 0.1242],
  [0.85, 0.1306],
  [0.9, 0.1464],
  [0.95, 0.2054],
  [1, 0.3803],
  [1.05, 0.4043],
  [1.1, 0.4014],
  [1.2, 0.3884],
  [1.4, 0.358],
  [1.6, 0.3315],
  [1.8, 0.3117],
  [2, 0.298],
  [2.2, 0.2864],
  [2.5, 0.2697],
];

const coefficient = (mach: number): number => {
  let i = 1;
  while (i < G7.length - 1 && G7[i][0] < mach) i++;
  const [m0, c0] = G7[i - 1];
  const [m1, c1] = G7[i];
  return c0 + ((c1 - c0) * (mach - m0)) / (m1 - m0);
};

/** Until x = target. @returns the height there */
export const plainDrag = (v: number, angle: number, target: number, bc: number, step: number): number => {
  const drag = Math.PI / 8 / (703.0696 * bc);
  const pull = (y: number, speed: number): number => {
    const t = 288.15 - 0.0065 * y;
    const density = 1.225 * (t / 288.15) ** 4.2558;
    return drag * density * coefficient(speed / Math.sqrt(1.4 * 287.05 * t)) * speed;
  };
  let [x, y, vx, vy] = [0, 0, v * Math.cos(angle), v * Math.sin(angle)];
  for (;;) {
    const k1 = pull(y, Math.hypot(vx, vy));
    const [ax1, ay1] = [-k1 * vx, -k1 * vy - G];
    const [vx2, vy2] = [vx + 0.5 * step * ax1, vy + 0.5 * step * ay1];
    const k2 = pull(y + 0.5 * step * vy, Math.hypot(vx2, vy2));
    const [ax2, ay2] = [-k2 * vx2, -k2 * vy2 - G];
    const [vx3, vy3] = [vx + 0.5 * step * ax2, vy + 0.5 * step * ay2];
    const k3 = pull(y + 0.5 * step * vy2, Math.hypot(vx3, vy3));
    const [ax3, ay3] = [-k3 * vx3, -k3 * vy3 - G];
    const [vx4, vy4] = [vx + step * ax3, vy + step * ay3];
    const k4 = pull(y + step * vy3, Math.hypot(vx4, vy4));
    const [ax4, ay4] = [-k4 * vx4, -k4 * vy4 - G];
    const nextX = x + (step / 6) * (vx + 2 * (vx2 + vx3) + vx4);
    const nextY = y + (step / 6) * (vy + 2 * (vy2 + vy3) + vy4);
    if (nextX >= target) return y + ((nextY - y) * (target - x)) / (nextX - x);
    vx += (step / 6) * (ax1 + 2 * (ax2 + ax3) + ax4);
    vy += (step / 6) * (ay1 + 2 * (ay2 + ay3) + ay4);
    [x, y] = [nextX, nextY];
  }
};
