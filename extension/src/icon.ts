// The sign of the extension: two datasets and the proof between them.

import { LabIcon } from '@jupyterlab/ui-components';

/** Follows the theme through JupyterLab's class for icons. */
export const graphIcon = new LabIcon({
  name: 'zkp-nb:graph',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16">
  <g class="jp-icon3" fill="#616161">
    <circle cx="3" cy="4" r="2.2"/><circle cx="3" cy="12" r="2.2"/><circle cx="13" cy="8" r="2.2"/>
    <path d="M5 3.6 L11.2 6.6 L10.8 7.6 L4.6 4.6 Z M5 12.4 L11.2 9.4 L10.8 8.4 L4.6 11.4 Z"/>
  </g></svg>`
});
