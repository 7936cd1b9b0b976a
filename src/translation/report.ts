import { englishReport, type ReportWords } from '../engine/export/words.ts';
import { germanReport } from './report.de.ts';

const languages: Readonly<Record<string, ReportWords>> = { de: germanReport };

/** The words of a report in a language, by the first part of its tag; English for others. A language is added by a table and a line here. */
export function reportWords(language: string): ReportWords {
  return languages[language.split('-')[0]!.toLowerCase()] ?? englishReport;
}
