module.exports = {
  content: ['./index.html', './src/**/*.{js,jsx,ts,tsx}'],
  theme: { extend: { colors: { accent: '#0f766e' } } },
  plugins: [],
};
