// The provenance graph of one kernel, as the kernel tells it through a comm (`zkp_nb/notebook/graphcomm.py`).

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IGraph } from '../../zkp_nb/notebook/static/graph.js';

import { save } from './dom';

/** Name of the comm's target; the kernel opens the comm at `%load_ext zkp_nb`. */
export const TARGET = 'zkp_nb.graph';

/** Frames by state. */
export type Counts = Readonly<Record<string, number>>;

/** Follows the kernel of a session, through restarts and changes of kernel. */
export class KernelGraph implements IDisposable {
  private _kernel: Kernel.IKernelConnection | null = null;
  private _comm: Kernel.IComm | null = null;
  private _counts: Counts = {};
  private _graph: IGraph | null = null;
  private _trouble = '';
  private _wanted = false;
  private readonly _changed = new Signal<this, void>(this);
  private _disposed = false;

  constructor(private readonly _session: ISessionContext) {
    _session.kernelChanged.connect(this._attach, this);
    _session.statusChanged.connect(this._onStatus, this);
    this._attach();
  }

  /** Emitted when there is another graph, or none any more. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Frames by state; null where the kernel has not loaded zkp_nb. */
  get counts(): Counts | null {
    return this._comm === null ? null : this._counts;
  }

  /** The picture; null until it has come. */
  get graph(): IGraph | null {
    return this._comm === null ? null : this._graph;
  }

  /** Why there is no picture; empty where it has come or is on its way. */
  get trouble(): string {
    return this._trouble;
  }

  /** Says whether anybody looks: the kernel draws only then. */
  set wanted(wanted: boolean) {
    if (wanted !== this._wanted) {
      this._wanted = wanted;
      this._send({ show: wanted });
    }
  }

  /** Asks for the receipt of an entry of the log, which is saved when it comes. */
  saveReceipt(entry: number): void {
    this._send({ receipt: entry });
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._comm = null;
      Signal.clearData(this);
    }
  }

  private _attach(): void {
    this._comm = null;
    this._kernel = this._session.session?.kernel ?? null;
    const kernel = this._kernel;
    // Of several connections to a kernel one gets its comms.
    if (kernel?.handleComms) {
      kernel.registerCommTarget(TARGET, comm => this._adopt(comm));
      void this._find(kernel);
    }
    this._changed.emit();
  }

  /** Finds the comm that a kernel opened before this page was loaded. */
  private async _find(kernel: Kernel.IKernelConnection): Promise<void> {
    const { content } = await kernel.requestCommInfo({ target_name: TARGET });
    if (content.status === 'ok' && kernel === this._kernel && this._comm === null) {
      const id = Object.keys(content.comms).pop();
      if (id !== undefined) {
        this._adopt(kernel.createComm(TARGET, id));
      }
    }
  }

  private _adopt(comm: Kernel.IComm): void {
    this._comm = comm;
    this._counts = {};
    this._graph = null;
    comm.onMsg = message => this._onMessage(message);
    comm.onClose = () => this._lose(comm);
    this._send({ show: this._wanted });
    this._changed.emit();
  }

  private _send(data: JSONObject): void {
    if (this._comm !== null && !this._comm.isDisposed) {
      void this._comm.send(data);
    }
  }

  private _onMessage({ content, buffers }: KernelMessage.ICommMsgMsg): void {
    const data = content.data as { counts?: Counts; graph?: IGraph; trouble?: string; receipt?: number };
    const bytes = buffers?.[0];
    if (data.receipt !== undefined && bytes !== undefined) {
      save(bytes as BlobPart, `entry-${data.receipt}.zkp`);
      return;
    }
    this._counts = data.counts ?? this._counts;
    this._graph = data.graph ?? this._graph;
    this._trouble = data.trouble ?? '';
    this._changed.emit();
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._lose(this._comm);
    }
  }

  private _lose(comm: Kernel.IComm | null): void {
    if (comm !== null && comm === this._comm) {
      this._comm = null;
      this._changed.emit();
    }
  }
}
