import { nowhere, type FileBytes } from './fileBytes.ts';
import { messageType, type Message } from './objectHeader.ts';

/** More links than this in one group are a damaged file. */
const mostLinks = 1_000_000;

/** The objects in a group: addresses of their headers by their names. Links to other files and by path are left out. */
export function readLinks(file: FileBytes, messages: readonly Message[]): Map<string, number> {
  const links = new Map<string, number>();
  for (const message of messages) {
    if (message.type === messageType.symbolTable) readSymbols(file, file.u64(message.at), file.u64(message.at + 8), links);
    if (message.type === messageType.link) readLink(file, message, links);
    if (message.type === messageType.linkInfo && file.u64(message.at + 2 + (file.u8(message.at + 1) & 1 ? 8 : 0)) !== nowhere) {
      throw file.unsupported('keeps its groups in HDF5\'s dense form');
    }
  }
  return links;
}

function readLink(file: FileBytes, message: Message, links: Map<string, number>): void {
  const flags = file.u8(message.at + 1);
  let at = message.at + 2;
  const kind = flags & 8 ? file.u8(at++) : 0;
  at += (flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0);
  const width = 2 ** (flags & 3);
  const length = file.unsigned(at, width);
  const name = new TextDecoder().decode(file.slice(at + width, length));
  if (kind === 0) links.set(name, file.u64(at + width + length));
}

/** The older form of a group: a tree whose leaves are tables of names and addresses. */
function readSymbols(file: FileBytes, tree: number, heap: number, links: Map<string, number>): void {
  file.expect(heap, 'HEAP');
  const names = file.u64(heap + 24);
  const namesSize = file.u64(heap + 8);
  for (const { child: table } of leaves(file, tree, 0, 8)) {
    file.expect(table, 'SNOD');
    const count = file.u16(table + 6);
    for (let at = table + 8; at < table + 8 + count * 40; at += 40) {
      const offset = file.u64(at);
      if (offset >= namesSize) throw file.damaged(`a name stands outside of its heap at byte ${heap}`);
      if (file.u32(at + 16) === 2) continue;
      links.set(file.text(names + offset, namesSize - offset), file.u64(at + 8));
      if (links.size > mostLinks) throw file.damaged(`a group has more than ${mostLinks} objects`);
    }
  }
}

/**
 * The children of a version 1 tree's lowest nodes, each with its key's place. `type` is 0 for groups, 1 for chunks;
 * `keyBytes` is the size of a key.
 */
export function leaves(file: FileBytes, root: number, type: number, keyBytes: number): { key: number; child: number }[] {
  const found: { key: number; child: number }[] = [];
  const seen = new Set<number>();
  const stack = root === nowhere ? [] : [root];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen.has(at)) throw file.damaged(`the tree at byte ${root} comes back to itself`);
    seen.add(at);
    file.expect(at, 'TREE');
    if (file.u8(at + 4) !== type) throw file.damaged(`the tree at byte ${root} is of another kind`);
    const level = file.u8(at + 5);
    const count = file.u16(at + 6);
    for (let entry = 0; entry < count; entry++) {
      const key = at + 24 + entry * (keyBytes + 8);
      const child = file.u64(key + keyBytes);
      if (level === 0) found.push({ key, child });
      else stack.push(child);
    }
    if (found.length > mostLinks) throw file.damaged(`the tree at byte ${root} has more than ${mostLinks} leaves`);
  }
  return found;
}
