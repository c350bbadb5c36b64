/** @type {import('tailwindcss').Config} */
export default {
  content: ['./index.html', './src/**/*.{ts,tsx}'],
  theme: {
    extend: {
      colors: {
        ink: { DEFAULT: '#0b1020', soft: '#141b31', line: '#26304d' },
        glow: { DEFAULT: '#7c5cff', soft: '#a894ff' },
        mint: '#4ade9f',
      },
      fontFamily: { display: ['ui-rounded', 'Inter', 'system-ui', 'sans-serif'] },
      boxShadow: { lift: '0 20px 60px -20px rgb(124 92 255 / 0.45)' },
    },
  },
  plugins: [],
};
