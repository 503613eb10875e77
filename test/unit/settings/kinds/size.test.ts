import t from 'tap';
import { size } from '../../../../src/settings/kinds/size.ts';
import { testTexts } from './test-texts.ts';

const SIZE = /should be a size such as 512KiB, 12MiB, 1GiB or a plain number of bytes/;

testTexts(t, 'a size, in bytes', {
  kind: size(2 ** 31, '2GiB'),
  good: [
    ['12MiB', 12_582_912],
    ['512KiB', 524_288],
    ['1GiB', 1_073_741_824],
    ['0.5KiB', 512],
    ['4096', 4096],
    ['0', 0],
    ['2GiB', 2 ** 31],
  ],
  bad: [
    ['', SIZE],
    ['12MB', SIZE],
    ['12mib', SIZE],
    ['12 MiB', SIZE],
    ['-1', SIZE],
    ['1.5', SIZE],
    ['0x10', SIZE],
    ['3GiB', /should be at most 2GiB/],
  ],
});
