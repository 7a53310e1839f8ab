// The extension for JupyterLab 4 and Notebook 7: pages for `.zkp` files, the graph of the running kernel, a status
// item. Receipts in outputs are shown by `mime.ts`.

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import type { DocumentWidget } from '@jupyterlab/docregistry';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';

import { Graphs } from './graphs';
import { graphIcon } from './icon';
import { RECEIPT_TYPE } from './output';
import { GraphPanel } from './panel';
import { StatusItem } from './status';
import { ReceiptPageFactory, type ReceiptPage } from './viewer';

const FACTORY = 'Receipt';
const FILE_TYPE = 'zkp-receipt';
const SHOW_GRAPH = 'zkp-nb:show-graph';

const viewer: JupyterFrontEndPlugin<void> = {
  id: 'zkp-nb:viewer',
  description: 'Opens .zkp files, checked.',
  autoStart: true,
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, restorer: ILayoutRestorer | null) => {
    app.docRegistry.addFileType({
      name: FILE_TYPE,
      displayName: 'Receipt',
      extensions: ['.zkp'],
      mimeTypes: [RECEIPT_TYPE],
      // As bytes: a receipt that is no longer text must still be opened, and refused.
      fileFormat: 'base64',
      contentType: 'file',
      icon: graphIcon
    });
    const factory = new ReceiptPageFactory({
      name: FACTORY,
      modelName: 'base64',
      fileTypes: [FILE_TYPE],
      defaultFor: [FILE_TYPE],
      readOnly: true
    });
    const tracker = new WidgetTracker<DocumentWidget<ReceiptPage>>({ namespace: FILE_TYPE });
    factory.widgetCreated.connect((_, page) => {
      page.title.icon = graphIcon;
      void tracker.add(page);
      page.context.pathChanged.connect(() => void tracker.save(page));
    });
    app.docRegistry.addWidgetFactory(factory);
    void restorer?.restore(tracker, {
      command: 'docmanager:open',
      args: page => ({ path: page.context.path, factory: FACTORY }),
      name: page => page.context.path
    });
  }
};

const graph: JupyterFrontEndPlugin<void> = {
  id: 'zkp-nb:graph',
  description: 'Shows where the frames of the running notebook came from.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ILayoutRestorer, ICommandPalette, IStatusBar],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    statusBar: IStatusBar | null
  ) => {
    const graphs = new Graphs(notebooks);
    const panel = new GraphPanel(graphs);
    panel.id = 'zkp-nb-graph';
    panel.title.icon = graphIcon;
    panel.title.caption = 'Provenance of frames (zkp)';
    app.shell.add(panel, 'right', { rank: 900 });
    restorer?.add(panel, panel.id);
    const show = () => app.shell.activateById(panel.id);
    app.commands.addCommand(SHOW_GRAPH, {
      label: 'Show Provenance Graph',
      caption: 'Show where the frames of this notebook came from',
      execute: show
    });
    palette?.addItem({ command: SHOW_GRAPH, category: 'zkp' });
    if (statusBar !== null) {
      const item = new StatusItem(graphs, show);
      statusBar.registerStatusItem('zkp-nb:status', {
        item,
        align: 'left',
        rank: 100,
        isActive: () => item.isActive,
        activeStateChanged: graphs.changed
      });
    }
  }
};

export default [viewer, graph];
