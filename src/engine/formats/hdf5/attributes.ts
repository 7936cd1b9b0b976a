import { bytesOf, readDataspace, readDatatype, type Datatype } from './datatype.ts';
import { nowhere, type FileBytes } from './fileBytes.ts';
import { messageType, type Message } from './objectHeader.ts';

/** Name of an attribute message, and where its parts stand. */
interface AttributeParts {
  name: string;
  datatype: number;
  dataspace: number;
  values: number;
  end: number;
}

function partsOf(file: FileBytes, message: Message): AttributeParts {
  const version = file.u8(message.at);
  const [nameSize, typeSize, spaceSize] = [file.u16(message.at + 2), file.u16(message.at + 4), file.u16(message.at + 6)];
  if (version < 1 || version > 3) throw file.damaged(`an attribute has the version ${version}`);
  const padded = (size: number): number => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const start = message.at + (version === 3 ? 9 : 8);
  const datatype = start + padded(nameSize);
  const dataspace = datatype + padded(typeSize);
  return { name: file.text(start, nameSize), datatype, dataspace, values: dataspace + padded(spaceSize), end: message.at + message.size };
}

/** Name of the attribute that a message holds. */
export function attributeName(file: FileBytes, message: Message): string {
  return partsOf(file, message).name;
}

/** The text of an attribute, or its list of texts; undefined where the object has none of that name, or not as text. */
export function readText(file: FileBytes, messages: readonly Message[], name: string): string[] | undefined {
  for (const message of messages) {
    if (message.type !== messageType.attribute) continue;
    const parts = partsOf(file, message);
    // A type that stands elsewhere is none of those that Keras gives to text.
    if (parts.name !== name || (file.u8(message.at) > 1 && file.u8(message.at + 1) !== 0)) continue;
    const type = readDatatype(file, parts.datatype);
    const dims = readDataspace(file, parts.dataspace);
    if (type.kind !== 'text' && type.kind !== 'variableText') return undefined;
    const bytes = bytesOf(dims, type.size);
    if (parts.values + bytes > parts.end) throw file.damaged(`attribute ${name} is longer than its header`);
    return Array.from({ length: bytes / type.size }, (_, index) => elementText(file, type, parts.values + index * type.size));
  }
  if (messages.some((message) => message.type === messageType.attributeInfo && denseAttributes(file, message))) throw file.unsupported('keeps its attributes in HDF5\'s dense form');
  return undefined;
}

function elementText(file: FileBytes, type: Datatype, at: number): string {
  if (type.kind === 'text') return file.text(at, type.size);
  const length = file.u32(at);
  return length === 0 ? '' : heapText(file, file.u64(at + 4), file.u32(at + 12), length);
}

/** Whether attributes stand in a heap of their own rather than in the header. */
function denseAttributes(file: FileBytes, message: Message): boolean {
  return file.u64(message.at + 2 + (file.u8(message.at + 1) & 1 ? 2 : 0)) !== nowhere;
}

/** An object of the global heap, where texts of any length stand. */
function heapText(file: FileBytes, address: number, wanted: number, length: number): string {
  file.expect(address, 'GCOL');
  const end = address + file.u64(address + 8);
  for (let at = address + 16; at + 16 <= end;) {
    const index = file.u16(at);
    const size = file.u64(at + 8);
    if (index === wanted && size >= length) return new TextDecoder().decode(file.slice(at + 16, length));
    if (index === 0) break;
    at += 16 + Math.ceil(size / 8) * 8;
  }
  throw file.damaged(`text ${wanted} is not in the heap at byte ${address}`);
}
