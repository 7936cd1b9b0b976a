import { readText } from './attributes.ts';
import { readDataset, type Dataset } from './dataset.ts';
import { FileBytes } from './fileBytes.ts';
import { readLinks } from './groups.ts';
import { readMessages, type Message } from './objectHeader.ts';

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file begins as HDF5 files do. */
export function looksLikeHdf5(head: Uint8Array): boolean {
  return signature.every((byte, index) => head[index] === byte);
}

/**
 * The groups, arrays and texts of an HDF5 file as h5py writes it for Keras (HDF5 File Format Specification 3.0): both kinds of
 * headers, groups as tables or links, arrays in one piece or in compressed chunks. What it does not know is a `UserError`,
 * and so is every address outside of the file. Nothing is larger in memory than the file's bytes can stand for.
 */
export class Hdf5File {
  readonly bytes: FileBytes;
  /** Address of the header of the outermost group. */
  readonly rootAddress: number;
  readonly root: Hdf5Object;

  /** `file` is how messages name it. */
  constructor(file: string, content: Uint8Array) {
    this.bytes = new FileBytes(file, content);
    if (!looksLikeHdf5(content)) throw this.bytes.damaged('it does not begin as an HDF5 file');
    this.rootAddress = this.bytes.u64(rootAddressAt(this.bytes));
    this.root = new Hdf5Object(this.bytes, this.rootAddress);
  }
}

/** Where the address of the outermost group's header stands. */
export function rootAddressAt(file: FileBytes): number {
  const version = file.u8(8);
  const [offsets, lengths, base] = version < 2 ? [13, 14, version === 0 ? 24 : 28] : [9, 10, 12];
  if (version > 3 || file.u8(offsets) !== 8 || file.u8(lengths) !== 8 || file.u64(base) !== 0) throw file.unsupported('is an HDF5 file of an unknown form');
  return version < 2 ? base + 40 : base + 24;
}

/** A group or an array. */
export class Hdf5Object {
  readonly #file: FileBytes;
  readonly #messages: Message[];
  #links: Map<string, number> | undefined;

  constructor(file: FileBytes, address: number) {
    this.#file = file;
    this.#messages = readMessages(file, address);
  }

  /** Names of what is in a group. */
  get names(): string[] {
    return [...this.#children.keys()];
  }

  /** What stands in the group under a path; undefined where nothing does. */
  at(path: string): Hdf5Object | undefined {
    const [name, ...rest] = path.split('/');
    const address = this.#children.get(name!);
    if (address === undefined) return undefined;
    const child = new Hdf5Object(this.#file, address);
    return rest.length === 0 ? child : child.at(rest.join('/'));
  }

  /** An attribute's text, or list of texts. */
  texts(attribute: string): string[] | undefined {
    return readText(this.#file, this.#messages, attribute);
  }

  /** The array that the object is; undefined for a group. */
  get dataset(): Dataset | undefined {
    return readDataset(this.#file, this.#messages);
  }

  get #children(): Map<string, number> {
    return (this.#links ??= readLinks(this.#file, this.#messages));
  }
}
