import type { ReportWords } from '../engine/export/words.ts';
import { translated } from './translate.ts';

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
const decimal = (value: number, digits: number): string => value.toFixed(digits).replace('.', ',');

/** A report in German. */
export const germanReport: ReportWords = {
  language: 'de',
  decimal,
  percent: (value) => `${decimal(100 * value, 1)} %`,
  count: (value) => value.toLocaleString('de'),
  said: (text) => translated(text, 'de'),

  titles: { evaluation: (model) => `Stabilität von ${model}`, sequence: (model) => `Videobilder, beantwortet von ${model}`, stabilization: (model) => `Stabilisierung von ${model}` },
  pictures: (count) => plural(count, 'Bild', 'Bilder'),
  mind: 'Zu beachten:',
  distortion: 'Verzerrung', clean: 'sauber', precision: 'Precision@1', featureDistance: 'Merkmalsabstand',
  interval: (share, low, high) => `${share} (${low}–${high})`,
  intervalText: (share, low, high) => `${share}, 95-%-Intervall ${low} bis ${high}`,

  instability: 'Label-Instabilität',
  instabilityMeans: (end) => `Anteil der Bilder, deren Label sich ändert, wenn sie verzerrt werden, mit seinem 95-%-Intervall; die Balken gehen bis ${end}.`,
  labelsChanged: 'Geänderte Labels', medianAndP95: 'Merkmalsabstand, Median / 95. Perzentil', klMean: 'KL, Mittel',
  overVersions: (share) => `Über alle Fassungen werden ${share} der Bilder in einer Fassung richtig und in einer anderen falsch beantwortet.`,
  featuresMove: (distortion, distance) => `Am weitesten bewegen sich die Merkmale bei ${distortion}: Der mediane Abstand ist ${distance}. Das Modell hat keine Klassen.`,
  precisionIs: (share) => `Die saubere Präzision ist ${share}.`,
  nothingDistorted: 'Nichts wurde verzerrt.',
  noneChanged: (pictures, bound) => `Unter keiner Verzerrung änderte sich ein Label; bei ${plural(pictures, 'Bild', 'Bildern')} könnten es bis zu ${bound} sein.`,
  changesFewest: (distortion, share) => `Am wenigsten ändert ${distortion}: ${share}.`,
  labelsChange: (share, distortion) => `${share} der Labels ändern sich bei ${distortion}.`,

  method: 'Wie es gemacht wurde',
  rows: { model: 'Modell', pictures: 'Bilder', labels: 'Wahre Labels', preprocessing: 'Vorverarbeitung', features: 'Merkmalsschicht', seed: 'Startwert', engine: 'Rechenwerk' },
  picturesFrom: (evaluated, total, folder, unread) => `${evaluated} von ${total} in ${folder}${unread > 0 ? `; ${unread} nicht lesbar` : ''}`,
  labelsFrom: { none: 'keine', folders: 'aus Klassenordnern', file: 'aus einer Datei' },
  preprocessing: (resize, shape, interpolation, range) => `${resize} auf ${shape}, ${interpolation}, Bereich ${range}`,
  mean: (values) => `Mittelwert ${values}`, std: (values) => `Abweichung ${values}`,
  preprocessingFrom: (source) => ({ guess: 'eine Vermutung', metadata: 'aus der Modelldatei', option: 'angegeben' })[source],
  noFeatures: 'keine gefunden', normalised: 'Vektoren auf Länge 1 gebracht',

  worstPairs: (distortion) => `Schlimmste Paare bei ${distortion}`,
  worstPairsMean: (amplification) => `Bild, verzerrtes Bild und ihr Unterschied, ${amplification}-mal so stark; zuerst geänderte Labels, dann nach Merkmalsabstand.`,
  labelChanged: (a, b) => `Label geändert von ${a} zu ${b}`, labelKept: (a, b) => `Label gleich, ${a} und ${b}`,
  pictureGone: 'Das Bild ist nicht mehr da.',
  pairFacts: (distance, image) => `Merkmalsabstand ${distance} · ${image}`, truth: (label) => `wahr: ${label}`,
  cleanPicture: (name) => `${name}, sauber`, distortedPicture: (name, words) => `${name}, verzerrt: ${words}`, difference: 'Unterschied',

  accepted: 'Angenommen.', rejected: 'Nicht angenommen.',
  labelsChangedMean: (pictures, end) => `Auf ${plural(pictures, 'Testbild', 'Testbildern')}, die Training und Suche nie sahen, in Prozent mit 95-%-Intervallen; es zählt der Gewinn gegenüber der Kontrolle. Unter jeder Zahl ein Balken von 0 bis ${end}.`,
  before: 'Vorher', control: 'Kontrolle, α = 0', stabilized: 'Stabilisiert', overControl: 'Gegenüber der Kontrolle, Prozentpunkte', cleanPrecision: 'Precision@1 auf sauberen Bildern',
  training: 'Training',
  trainingRows: { output: 'Neue Datei', trained: 'Trainiert', loss: 'Verlust', optimizer: 'Optimierer', pictures: 'Bilder', control: 'Kontrolle' },
  trained: (layers, parameters, train) => `${layers} (${parameters} Parameter), ${train}`,
  loss: (alpha, divergence, sigma) => `L0 + α · L_stability, α = ${alpha}, ${divergence}, Rauschen σ = ${sigma}`,
  optimizer: (name, rate, batch, best, epochs) => `${name}, Lernrate ${rate}, Stapel von ${batch}, beste Epoche ${best} von ${epochs}`,
  shares: (training, validation, test) => `${training} zum Trainieren, ${validation} zum Auswählen, ${test} für diesen Bericht`,
  controlMeans: 'dasselbe Training mit α = 0',

  frames: 'Einzelbilder', neighbours: 'Benachbarte Einzelbilder', labelDiffers: 'Label verschieden', jsDivergence: 'JS-Divergenz', clips: 'Clips', clip: 'Clip', flips: 'Wechsel', classes: 'Klassen, die häufigsten zuerst', allFrames: '(alle)',
  framesDiffer: (share) => `${share} der benachbarten Einzelbilder bekommen verschiedene Labels.`,
  ofNeighbours: (share, neighbours) => `${share} von ${plural(neighbours, 'Nachbarpaar', 'Nachbarpaaren')}`,
  medianP95: (median, p95) => `Median ${median}, 95. Perzentil ${p95}`, meanP95: (mean, p95) => `Mittel ${mean}, 95. Perzentil ${p95}`,
  neighbourPrecision: 'Präzision über Nachbarn, pm-k', neighbourPrecisionMeans: 'Ein Einzelbild zählt nur, wo es selbst und alle bis zu k davor und danach richtig beantwortet werden.', precisionOver: 'Präzision',

  sheet: (model, distortion, amplification) => `${model}: schlimmste Paare bei ${distortion}; Bild, verzerrt, Unterschied × ${amplification}`,
  sheetKept: 'gleich', sheetChanged: 'GEÄNDERT', sheetGone: 'nicht mehr da',
};
