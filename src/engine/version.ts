import { version as packageVersion } from '../../package.json';

/** Version of this program, as every run says it. */
export const version: string = packageVersion;
