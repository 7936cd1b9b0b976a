import type { FileBytes } from './fileBytes.ts';

/** One message of an object's header: a property of the object. */
export interface Message {
  type: number;
  flags: number;
  /** Where its content stands in the file, and the bytes of that. */
  at: number;
  size: number;
}

/** Types of messages (HDF5 File Format Specification 3.0, IV.A.2). */
export const messageType = { dataspace: 1, linkInfo: 2, datatype: 3, link: 6, layout: 8, filters: 11, attribute: 12, continuation: 16, symbolTable: 17, attributeInfo: 21 } as const;

/** More messages than this are a damaged file: a group has one for each of its attributes and links. */
const mostMessages = 100_000;

/** The messages of the object whose header stands at an address; those of its continuations included. */
export function readMessages(file: FileBytes, address: number): Message[] {
  return file.u8(address) === 1 ? readOld(file, address) : readNew(file, address);
}

/** Version 1 of the header, as HDF5 writes it unless it is told otherwise. */
function readOld(file: FileBytes, address: number): Message[] {
  const messages: Message[] = [];
  const blocks = [{ at: address + 16, size: file.u32(address + 8) }];
  const seen = new Set<number>();
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    enter(file, seen, block.at);
    file.slice(block.at, block.size);
    for (let at = block.at; at + 8 <= block.at + block.size;) {
      const message = { type: file.u16(at), flags: file.u8(at + 4), at: at + 8, size: file.u16(at + 2) };
      at = message.at + message.size;
      if (at > block.at + block.size) throw file.damaged(`a message at byte ${message.at} is longer than its header`);
      if (message.type === messageType.continuation) blocks.push({ at: file.u64(message.at), size: file.u64(message.at + 8) });
      else add(file, messages, message);
    }
  }
  return messages;
}

/** Version 2, which HDF5 writes when it is told to use its latest format. */
function readNew(file: FileBytes, address: number): Message[] {
  file.expect(address, 'OHDR');
  const flags = file.u8(address + 5);
  const width = 2 ** (flags & 3);
  const sizeAt = address + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const prefix = flags & 4 ? 6 : 4;
  const messages: Message[] = [];
  const blocks = [{ at: sizeAt + width, size: file.unsigned(sizeAt, width) }];
  const seen = new Set<number>();
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    enter(file, seen, block.at);
    file.slice(block.at, block.size);
    for (let at = block.at; at + prefix <= block.at + block.size;) {
      const message = { type: file.u8(at), flags: file.u8(at + 3), at: at + prefix, size: file.u16(at + 1) };
      at = message.at + message.size;
      if (at > block.at + block.size) throw file.damaged(`a message at byte ${message.at} is longer than its header`);
      if (message.type === messageType.continuation) {
        const start = file.u64(message.at);
        file.expect(start, 'OCHK');
        // The block begins with its signature and ends with a checksum, 4 bytes each.
        blocks.push({ at: start + 4, size: file.u64(message.at + 8) - 8 });
      } else {
        add(file, messages, message);
      }
    }
  }
  return messages;
}

function enter(file: FileBytes, seen: Set<number>, at: number): void {
  if (seen.has(at)) throw file.damaged(`a header goes on at byte ${at} twice`);
  seen.add(at);
}

function add(file: FileBytes, messages: Message[], message: Message): void {
  if (message.type === 0) return;
  if (messages.length >= mostMessages) throw file.damaged(`a header has more than ${mostMessages} messages`);
  messages.push(message);
}
