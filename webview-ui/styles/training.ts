import { css } from 'lit';

/** Curves of a training, two side by side where there is room, and the buttons that steer it. */
export const trainingStyles = css`
  .training-buttons { display: flex; flex-wrap: wrap; gap: 6px; padding: 12px 0 4px; }
  .training-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 20px 24px; padding-top: 18px; }
  .training-chart { min-width: 0; container-type: inline-size; }
  .training-chart figcaption { font-weight: 600; padding-bottom: 4px; }
  .training-chart .flag { fill: var(--quiet); }
`;
